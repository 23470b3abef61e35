# make        all checks (the gate)
# make help   everything else

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
PACKAGES    := gcc libc6-dev mosquitto mosquitto-clients
# Build tags of the suites that are too slow for the gate; vetted all the same.
TAGS        := soak,chaos,bench,docs,pi
# A C compiler with its headers and libraries is at hand.
COMPILES    := printf '%s\n' '\#include <stdlib.h>' 'int main(void) { return 0; }' | $$(go env CC) -x c -o /dev/null - 2>/dev/null
CROSS       := CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags='-s -w' -o build/pioactor-linux
# More flags for go test, such as TESTFLAGS='-count=1 -v'.
TESTFLAGS   ?=
# The vial's holder under test-board, where it is not a 20 mL one of version 1.1.
BOARD       ?= -model pioreactor_20ml -model-version 1.1

.DEFAULT_GOAL := test
.PHONY: docs help run build picture test tools fmt vet suite test-386 test-board soak chaos bench pi clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start a unit on simulated hardware; Ctrl-C stops it
	@build/pioactor up --hardware sim

build: ## build/pioactor for this machine
	@CGO_ENABLED=0 go build -o build/pioactor ./cmd/pioactor

picture: build ## draw docs/run.svg anew: 14 h of a simulated turbidostat
	@build/pioactor simulate --hours 14 --seed 1 --out build/picture
	@mkdir -p docs && cp build/picture/report.svg docs/run.svg

docs: ## measure growth estimators and control on the twin anew: docs/growth.md, docs/control.md
	@go test -tags docs -count=1 -timeout 30m -run TestDocs -v ./actors/actorstest

# One after the other even under make -j, and Go's own output last.
test: ## the gate: format, vet, staticcheck, the suite with the race detector
	@$(MAKE) --no-print-directory tools
	@$(MAKE) --no-print-directory fmt
	@$(MAKE) --no-print-directory vet
	@$(MAKE) --no-print-directory suite

# Installs what the suite can use, when it may. A broker that Debian starts on
# installation would hold port 1883, so it is stopped; one that was there stays.
tools:
	@have() { PATH="$$PATH:/usr/sbin" command -v "$$1" >/dev/null; }; \
	all() { $(COMPILES) && have mosquitto && have mosquitto_sub; }; \
	if ! all && [ "$$(id -u)" = 0 ] && have apt-get; then \
		broker=ours; ! have mosquitto || broker=theirs; \
		echo "installing $(PACKAGES)"; \
		export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get update && apt-get install -y --no-install-recommends $(PACKAGES); } >/dev/null 2>&1 \
			|| echo "apt-get could not install them"; \
		[ $$broker = theirs ] || systemctl disable --now mosquitto >/dev/null 2>&1 \
			|| service mosquitto stop >/dev/null 2>&1 || true; \
	fi; \
	all || echo "to leave nothing out: apt-get install $(PACKAGES)"; \
	have mosquitto || echo "left out: the tests against a real mosquitto (not installed)"; \
	have mosquitto_sub || echo "left out: the tests with mosquitto's own clients (not installed)"

fmt:
	@bad=$$(gofmt -l .) && { [ -z "$$bad" ] || { echo "gofmt -w these:"; echo "$$bad"; exit 1; }; }

vet: export CGO_ENABLED = 0
vet:
	@go vet ./...
	@go vet -tags $(TAGS) ./...
	@go run $(STATICCHECK) -tags $(TAGS) ./...

# The race detector needs a C compiler and a 64-bit machine. Lives that only score
# what happens in the vial or on the bus (TestScored…), in one goroutine, take ten
# times as long with it: they go first, without.
suite:
	@race=; \
	case $$(go env GOARCH) in \
	amd64|arm64|ppc64le|s390x|riscv64|loong64) \
		if $(COMPILES); then race=-race; \
		else echo "left out: the race detector (no working C compiler)"; fi;; \
	*) echo "left out: the race detector (not made for $$(go env GOARCH))";; \
	esac; \
	[ -z "$$race" ] || CGO_ENABLED=0 go test $(TESTFLAGS) -run '^TestScored' ./actors/actorstest || exit 1; \
	export CGO_ENABLED=$${race:+1}; : $${CGO_ENABLED:=0}; \
	PATH="$$PATH:/usr/sbin" go test $$race $(TESTFLAGS) ./...

test-386: ## the suite as a 32-bit program, as on small Pis, without lives that only score
	@case $$(go env GOHOSTARCH) in \
	amd64|386) GOARCH=386 CGO_ENABLED=0 PATH="$$PATH:/usr/sbin" go test -skip '^TestScored' $(TESTFLAGS) ./...;; \
	*) echo "left out: running 32-bit tests (this machine cannot); vetting them instead"; \
		GOARCH=386 CGO_ENABLED=0 go vet ./...;; \
	esac

test-board: ## the hardware suite on this Pi's HAT: an empty vial with a stir bar, no tubes, no unit running
	@go test -tags pi -count=1 -v -run TestThisBoard ./hw/pioreactor -args $(BOARD)

soak: ## many seeds and long virtual runs; takes hours
	@PATH="$$PATH:/usr/sbin" go test -tags soak -timeout 0 -run Soak $(TESTFLAGS) ./...

chaos: ## real processes, killed at random; minutes to hours
	@PATH="$$PATH:/usr/sbin" go test -tags chaos -timeout 0 -run Chaos $(TESTFLAGS) ./...

bench: ## figures of the whole node beside their raw limits, then micro-benchmarks
	@PATH="$$PATH:/usr/sbin" go test -tags bench -timeout 0 -count=1 -run Bench -v $(TESTFLAGS) ./cmd/...
	@go test -run '^$$' -bench . -benchmem $(TESTFLAGS) ./...

pi: ## static binaries for every Pi: arm64, arm/6, arm/7, and the hardware suite
	@GOARCH=arm64 $(CROSS)-arm64 ./cmd/pioactor
	@GOARCH=arm GOARM=6 $(CROSS)-armv6 ./cmd/pioactor
	@GOARCH=arm GOARM=7 $(CROSS)-armv7 ./cmd/pioactor
	@GOARCH=arm64 CGO_ENABLED=0 GOOS=linux go test -c -trimpath -ldflags='-s -w' -tags pi -o build/test-board-linux-arm64 ./hw/pioreactor
	@GOARCH=arm GOARM=6 CGO_ENABLED=0 GOOS=linux go test -c -trimpath -ldflags='-s -w' -tags pi -o build/test-board-linux-armv6 ./hw/pioreactor
	@for b in build/pioactor-linux-*; do echo "$$b" $$(go version -m $$b | sed -n 's/.*\(GOARCH\|GOARM\)=/\1=/p'); done

clean: ## remove build/, the demo's data included
	@rm -rf build
