//go:build !race

package temperature_test

// thin is how many times fewer cases are tried: none is left out.
const thin = 1
