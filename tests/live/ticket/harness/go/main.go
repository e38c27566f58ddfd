// Lines in: kind, token, service, state, separated by tabs. Lines out: "ok <subject>" or "refused".
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"example.com/bridgetoken"
)

func main() {
	issuer, audience, algorithm, file := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	v := &bridgetoken.Verifier{Issuer: issuer, Audience: audience, Algorithm: algorithm}
	cached, seen := read(file), map[string]bool{}
	if algorithm == "HS256" {
		v.Secret = string(cached)
	}
	v.Keys = func(fresh bool) ([]bridgetoken.Key, error) {
		if fresh {
			cached = read(file)
		}
		var set struct{ Keys []bridgetoken.Key }
		err := json.Unmarshal(cached, &set)
		return set.Keys, err
	}
	v.FirstUse = func(jti string, _ int64) (bool, error) {
		first := !seen[jti]
		seen[jti] = true
		return first, nil
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answer(v, strings.Split(lines.Text(), "\t"))
	}
}

func answer(v *bridgetoken.Verifier, said []string) {
	var claims *bridgetoken.Claims
	var err error
	switch said[0] {
	case "ticket":
		claims, err = v.Ticket(said[1], said[2], said[3])
	case "identity":
		claims, err = v.Identity(said[1])
	default:
		claims, err = v.Logout(said[1])
	}
	switch {
	case errors.Is(err, bridgetoken.ErrRefused):
		fmt.Println("refused")
	case err != nil:
		panic(err)
	default:
		fmt.Println("ok " + claims.Subject)
	}
}

func read(file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return text
}
