package inference

// The regression of Pioreactor 26.7.2 on a duty, 21 samples, the square of the
// first and the product of the 20th with the duty, all divided by scale.
const (
	scale  = 35
	offset = -6.171633633597331 // °C
)

var weights = [...]float64{
	-13.7221255, // duty
	150.807347, 15.2808570, -71.7124615, -81.5352596, -58.2053398, -84.9915201, -36.9729300,
	-0.0851994806, 11.2635670, 33.7434235, 33.6348041, 42.5731033, 67.2551219, 83.7883314,
	62.9508694, 49.5735854, 18.6594862, 0.312848519, -38.2815596, -56.2834504, -92.7840943, // samples
	-7.62113224, // first sample squared
	8.18877406,  // 20th sample times duty
}

// linear is the algorithm of all models but the oldest. It is fitted to a room
// of 22 °C and shifted to any other.
func linear(dutyPercent, roomC float64, boardC []float64) (float64, error) {
	shift := roomC - UsualRoomC
	sample := func(i int) float64 { return (boardC[i] - shift) / scale }
	duty := dutyPercent / scale
	n := len(boardC)
	c := offset + weights[0]*duty
	for i := range n {
		c += weights[1+i] * sample(i)
	}
	c += weights[n+1]*sample(0)*sample(0) + weights[n+2]*sample(n-2)*duty
	return c + shift, nil
}
