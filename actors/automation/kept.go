package automation

import "github.com/pioactor/pioactor/actors"

// kept is what an automation keeps over restarts and power cuts. It counts for
// the experiment it was kept in, and for no other.
type kept[T any] struct {
	Experiment string `json:"experiment"`
	Value      T      `json:"value"`
}

// keep puts value on the disk; Saved comes back.
func keep[T any](c *actors.Context, key string, value T) {
	c.Save(key, kept[T]{c.Experiment(), value})
}

// recall is what was kept under key in this experiment; the zero T otherwise.
func recall[T any](c *actors.Context, key string) (T, error) {
	var k kept[T]
	_, err := c.Load(key, &k)
	if err != nil || k.Experiment != c.Experiment() {
		var none T
		return none, err
	}
	return k.Value, nil
}
