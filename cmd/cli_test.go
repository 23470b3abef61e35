package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
)

func TestHelpIsAsInTheGoldens(t *testing.T) {
	written := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "_") + ".golden"
		written[name] = true
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		got := call(args...)
		golden(t, filepath.Join("testdata", "help", name), got.out)
		if got.code != exitDone || got.errs != "" {
			t.Errorf("%v: exit code %d, errors %q", args, got.code, got.errs)
		}
	}
	walk(newRoot(&globals{}))
	files, err := os.ReadDir(filepath.Join("testdata", "help"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !written[f.Name()] {
			t.Errorf("testdata/help/%s is of no command; remove it", f.Name())
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look, and refresh it with `go test ./cmd -run Help -update`; got\n%s", file, got)
	}
}

func TestCommandsAnswer(t *testing.T) {
	n := openFake(t)
	for args, want := range map[string]struct {
		code int
		text string // of the one output that is not empty
	}{
		"status":                       {0, "MQTT at tcp://127.0.0.1:1883 (connected)\n\nJOB   STATE  NOW\nlamp  ready\n"},
		"--unit pio1 --unit all jobs":  {0, "JOB   STATE  AUTOMATION  EXPERIMENT  REASON\nlamp  ready  -           exp\n"},
		"--unit pio7 jobs":             {3, "\"pio7\" is not a unit here; there is pio1\n"},
		"jobs list":                    {0, "lamp  ready  -           exp\n"},
		"jobs info lamp":               {0, "SHOWN    NOW\nhours    1234568\npercent  5\n"},
		"jobs info sauna":              {3, "\"sauna\" is not a job; see `pioactor jobs`\n"},
		"jobs set lamp percent 101":    {3, "percent: want 0 to 100 %, got \"101\"\n"},
		"jobs set lamp hours 1":        {3, "hours: cannot be changed, it only reports\n"},
		"jobs set lamp percent 5":      {0, "lamp: percent = 5\n"},
		"jobs set lamp percent -- -5":  {3, "percent: want 0 to 100 %, got \"-5\"\n"},
		"jobs set lamp percent -5":     {2, "unknown shorthand flag: '5' in -5; put -- before a negative value; see `pioactor jobs set --help`\n"},
		"jobs set lamp percent":        {2, "want a job and pairs of setting and value; see `pioactor jobs set --help`\n"},
		"jobs set lamp a 1 b 2 a 3":    {2, "a is given twice; see `pioactor jobs set --help`\n"},
		"jobs set lamp $state lost":    {3, ""},
		"jobs start sauna":             {3, "\"sauna\" is not a job; there is lamp2\n"},
		"jobs start lamp2 --set p=7":   {3, "\"lamp2\" is not a job; there is lamp2\n"},
		"jobs start lamp2 --set 7":     {2, "--set: want setting=value, such as target_rpm=400, got \"7\"; see `pioactor jobs start --help`\n"},
		"jobs start":                   {2, "accepts 1 arg(s), received 0; see `pioactor jobs start --help`\n"},
		"jobs stop vial":               {3, "\"vial\" is not a job; see `pioactor jobs`\n"},
		"jobs bogus":                   {2, "unknown command \"bogus\" for \"pioactor jobs\"; see `pioactor jobs --help`\n"},
		"statsu":                       {2, "unknown command \"statsu\" for \"pioactor\" (did you mean status?); see `pioactor --help`\n"},
		"logs --level loud":            {2, "--level: want one of debug, info, notice, warning, error, got \"loud\"; see `pioactor logs --help`\n"},
		"logs -n 1001":                 {2, "--lines: want 0 to 1000, got 1001; see `pioactor logs --help`\n"},
		"log some words":               {0, "logged\n"},
		"log --level loud x":           {3, "level: want one of debug, info, notice, warning, error, got \"loud\"\n"},
		"log":                          {2, "requires at least 1 arg(s), only received 0; see `pioactor log --help`\n"},
		"mqtt -n 2 a/#":                {0, "a/# 1\\n2\nx base64:/w==\n"},
		"mqtt -n 1":                    {0, "pioreactor/# 1\\n2\n"},
		"mqtt bad":                     {3, "filter: want pioreactor/#\n"},
		"mqtt -n -1":                   {2, "--count: want 0 or more, got -1; see `pioactor mqtt --help`\n"},
		"run add_media --ml 1":         {0, "add_media is accepted; with --wait this tells how it ends\n"},
		"run add_media --ml 1 --wait":  {0, "add_media: 1.00 mL of media in\n"},
		"run add_media --ml 7 --wait":  {3, "add_media 7.00 mL: the vial would hold 21.0 of 18.0 mL\n"},
		"run add_media --ml -1":        {3, "ml: want more than 0 and at most 1000 mL, got -1\n"},
		"run add_media --ml x":         {2, ""},
		"run add_media":                {2, "want exactly one of --ml, --duration and --continuously; see `pioactor run add_media --help`\n"},
		"run add_alt_media --ml 1":     {0, "add_alt_media is accepted"},
		"run sing":                     {2, "\"sing\" is not an action; there are add_alt_media, add_media, circulate_alt_media, circulate_media, led_intensity, od_blank, pumps, remove_waste, stop_dosing; see `pioactor run --help`\n"},
		"run":                          {2, "want an action; there are"},
		"run led_intensity --A 101":    {3, "A: want 0 to 100 %, got 101\n"},
		"run led_intensity --C 2":      {0, "lit: C at 2 %\n"},
		"run led_intensity":            {2, "want a channel, such as --A 10;"},
		"run led_intensity --channel":  {2, "flag needs an argument: --channel;"},
		"alarms":                       {0, "  latched  the lamp is hot\\x1b[2J\n"},
		"alarms ack nobody":            {3, "there is no alarm \"nobody\"; see `pioactor alarms`\n"},
		"version":                      {0, "running  v9 (go"},
		"completion tcsh":              {2, "invalid argument \"tcsh\" for \"pioactor completion\";"},
		"completion bash":              {0, "__start_pioactor"},
		"completion zsh":               {0, "#compdef pioactor"},
		"completion fish":              {0, "complete -c pioactor"},
		"check-config ghost.toml":      {1, "config: open ghost.toml: no such file or directory; name another with --config\n"},
		"status extra":                 {2, "unknown command \"extra\" for \"pioactor status\"; see `pioactor status --help`\n"},
		"status --config ghost.toml":   {1, "ghost.toml"},
		"__complete jobs stop stir":    {0, "stirring\n"},
		"__complete jobs stop lamp st": {0, ":4\n"},
	} {
		t.Run(args, func(t *testing.T) {
			got := n.call(strings.Fields(args)...)
			text, other := got.out, got.errs
			if want.code != exitDone {
				text, other = other, text
			}
			if got.code != want.code || !strings.Contains(text, want.text) || other != "" && !strings.HasPrefix(args, "__") {
				t.Errorf("exit code %d, want %d\nout:  %q\nerrs: %q\nwant: %q", got.code, want.code, got.out, got.errs, want.text)
			}
			if want.code != exitDone && strings.Count(got.errs, "\n") != 1 {
				t.Errorf("errors %q, want one line", got.errs)
			}
		})
	}
}

func TestAStartTakesSettingsAndAnAutomation(t *testing.T) {
	n := openFake(t)
	got := n.call("jobs", "start", "lamp2", "--automation", "night", "--set", "percent=7")
	if got.code != exitDone || got.out != "lamp2 is ready\n" {
		t.Errorf("%+v", got)
	}
	if got := n.call("jobs", "start", "lamp2", "--set", "p=7", "--set", "p=8"); got.code != exitUsage {
		t.Errorf("a setting given twice: %+v", got)
	}
}

func TestAStoppedJobIsListed(t *testing.T) {
	n := openFake(t)
	if got := n.call("jobs", "set", "lamp", "$state", "sleeping"); got.code != exitDone {
		t.Fatalf("%+v", got)
	}
	if got := n.call("jobs", "stop", "lamp"); got.out != "lamp is stopped\n" {
		t.Fatalf("%+v", got)
	}
	if got := n.call("jobs"); !strings.Contains(got.out, "lamp  disconnected") {
		t.Errorf("%+v", got)
	}
	if got := n.call("jobs", "set", "lamp", "percent", "6"); got.code != exitRefused {
		t.Errorf("a setting of a stopped job: %+v", got)
	}
}

func TestADoseIsFollowedToItsEnd(t *testing.T) {
	n := openFake(t)
	for args, want := range map[string]said{
		"add_media --ml 0.5":        {0, "add_media: 0.50 mL of media in\n", ""},
		"remove_waste --duration 5": {0, "remove_waste: 0.50 mL of waste out; it ended early: pump stalled\n", ""},
		"add_alt_media --ml 2":      {3, "", "dosing is paused\n"},
	} {
		if got := n.call(append([]string{"run"}, strings.Fields(args+" --wait")...)...); got != want {
			t.Errorf("%s: %+v, want %+v", args, got, want)
		}
	}
}

func TestAnAlarmIsAcknowledged(t *testing.T) {
	n := openFake(t)
	if got := n.call("alarms", "ack", "lamp_hot"); got.out != "lamp_hot is acknowledged\n" {
		t.Fatalf("%+v", got)
	}
	if got := n.call("alarms"); !strings.Contains(got.out, "  acknowledged  ") {
		t.Errorf("%+v", got)
	}
}

func TestAlarmsAreAcknowledgedTogether(t *testing.T) {
	n := openFake(t)
	if got, want := n.call("alarms", "ack", "--all"), (said{0, "all alarms are acknowledged\n", ""}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	if got := n.call("alarms"); !strings.Contains(got.out, "  acknowledged  ") {
		t.Errorf("%+v", got)
	}
	for _, args := range [][]string{{"alarms", "ack"}, {"alarms", "ack", "lamp_hot", "--all"}} {
		if got, want := n.call(args...), (said{2, "", "want the name of one alarm, or --all; see `pioactor alarms ack --help`\n"}); got != want {
			t.Errorf("%v: %+v, want %+v", args, got, want)
		}
	}
}

func TestDeliveryIsTested(t *testing.T) {
	n := openFake(t)
	want := "TARGET  KIND     TEST     ANSWER\nphone   command  arrived  hello\nsiren   command  failed   exit status 1\n"
	if got := n.call("alarms", "test"); got.code != 1 || got.out != want {
		t.Errorf("%+v, want exit code 1 and\n%s", got, want)
	}
	if got := n.call("alarms", "test", "phone"); got.code != 0 {
		t.Errorf("%+v, want exit code 0", got)
	}
	if got := n.call("alarms", "test", "horn"); got.code != 3 || !strings.Contains(got.errs, "there are phone, siren") {
		t.Errorf("%+v, want exit code 3 and the names there are", got)
	}
}

func TestEveryAnswerIsJSONWhenAsked(t *testing.T) {
	n := openFake(t)
	n.note(t, "info", "a line")
	for args, code := range map[string]int{
		"status": 0, "jobs": 0, "jobs list": 0, "jobs info lamp": 0, "jobs set lamp percent 6": 0, "jobs start lamp2": 3,
		"logs": 0, "log x": 0, "mqtt -n 1": 0, "run add_media --ml 1": 0, "run add_media --ml 1 --wait": 0,
		"run led_intensity --A 1": 0, "alarms": 0, "alarms ack lamp_hot": 0, "alarms ack --all": 0, "alarms test phone": 0, "version": 0, "check-config": 0,
		"run add_media --ml 9": 3, "bogus": 2, "status --nope": 2, "check-config testdata/none.toml": 1,
	} {
		got := n.call(append(strings.Fields(args), "--json")...)
		text := got.out + got.errs
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil || got.code != code || strings.Count(text, "\n") != 1 {
			t.Errorf("%s: %v, exit code %d, want %d: %q", args, err, got.code, code, text)
		}
		if strings.Contains(text, `{"error":{"code":"`) != (got.errs != "") {
			t.Errorf("%s: %q", args, text)
		}
	}
}

func TestStatusDecodesAsTheAPIsStatus(t *testing.T) {
	n := openFake(t)
	var st web.Status
	if err := json.Unmarshal([]byte(n.call("status", "--json").out), &st); err != nil {
		t.Fatal(err)
	}
	if st.Unit != "pio1" || len(st.Jobs) != 1 || st.Jobs[0].Settings["percent"] != 5.0 || len(st.Alarms) != 1 {
		t.Errorf("status %+v", st)
	}
}

func TestCtrlCEndsWhatIsFollowed(t *testing.T) {
	n := openFake(t)
	n.note(t, "info", "old line")
	for args, text := range map[string]string{"mqtt": "base64", "logs -f": "old line", "logs -f --json": `"old line"`} {
		if got := n.callUntil(text, strings.Fields(args)...); got.code != exitDone || got.errs != "" {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestLogLinesArePrintable(t *testing.T) {
	n := openFake(t)
	n.note(t, "info", "first line")
	n.note(t, "WARNING", "hot \x1b[31mstuff")
	want := said{0, "2026-03-01 12:00:00  WARNING lamp                     hot \\x1b[31mstuff\n", ""}
	if got := n.call("logs", "-n", "1"); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := n.call("logs", "--level", "warning"); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := n.call("logs", "--level", "error"); got.out != "no such lines\n" {
		t.Errorf("%+v, want no lines", got)
	}
}

func TestLogsFollowShowsWhatComes(t *testing.T) {
	n := openFake(t)
	n.note(t, "info", "old")
	publish := func() {
		n.sys.Publish("", actorsLog("debug", "unwanted"))
		n.sys.Publish("", actorsLog("error", "new"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := &until{text: "old", then: publish}
	ended := make(chan int)
	last := &until{text: "new", then: cancel}
	go func() {
		ended <- execute(ctx, []string{"--data-dir", n.dir, "logs", "-f", "--level", "info"}, both{out, last}, &bytes.Buffer{})
	}()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if text := out.all.String(); strings.Contains(text, "unwanted") || strings.Count(text, "\n") != 2 {
		t.Errorf("followed %q, want two lines", text)
	}
}

func TestANodeThatEndsIsTold(t *testing.T) {
	n := openFake(t)
	out, errs := &until{text: "base64", then: func() { go n.close() }}, &bytes.Buffer{}
	if code := execute(context.Background(), []string{"--data-dir", n.dir, "mqtt"}, out, errs); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if got, want := errs.String(), "the node ended the stream: it is shutting down\n"; got != want {
		t.Errorf("errors %q, want %q", got, want)
	}
	n.close() // waits for the one under way
	if got := n.call("status"); got.code != exitFailed || !strings.HasPrefix(got.errs, "no node is running on ") {
		t.Errorf("without a node: %+v", got)
	}
	if got := n.call("version"); got.code != exitDone || strings.Contains(got.out, "running") {
		t.Errorf("without a node: %+v", got)
	}
}

func TestANodeThatDiesBeforeItAnswersIsTold(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	dying, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dying.Close() })
	go func() {
		for {
			conn, err := dying.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	if err := publishSocket(dir, socket); err != nil {
		t.Fatal(err)
	}
	want := said{exitFailed, "", web.ErrNoAnswer.Error() + "\n"}
	if got := call("jobs", "set", "stirring", "target_rpm", "500", "--data-dir", dir); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestWithoutANodeItSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	want := "no pioactor has run on " + dir + "; start one with `pioactor up`, or name its folder with --data-dir\n"
	if got := call("jobs", "--data-dir", dir); got != (said{exitFailed, "", want}) {
		t.Errorf("%+v, want %q", got, want)
	}
	got := call("jobs", "--data-dir", dir, "--json")
	if !strings.HasPrefix(got.errs, `{"error":{"code":"no_node","reason":"no pioactor has run on `) {
		t.Errorf("%+v", got)
	}
}
