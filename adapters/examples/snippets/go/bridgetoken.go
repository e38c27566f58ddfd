// Package bridgetoken verifies what the bridge signs for one app: tickets, the identity header,
// logout tokens. Standard library only.
package bridgetoken

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"time"
)

const (
	leeway      = 10
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// ErrRefused wraps every reason why a token proves nothing to this app.
var ErrRefused = errors.New("token refused")

// Key is one key of <issuer>/jwks.
type Key struct{ Kid, Kty, N, E, X, Y string }

// Claims are what a token says. Custom claims are in All.
type Claims struct {
	Issuer   string         `json:"iss"`
	Audience string         `json:"aud"`
	Subject  string         `json:"sub"`
	Realm    string         `json:"realm"`
	Service  string         `json:"service"`
	State    string         `json:"state"`
	Session  string         `json:"sid"`
	ID       string         `json:"jti"`
	Roles    []string       `json:"roles"`
	Events   map[string]any `json:"events"`
	Issued   int64          `json:"iat"`
	Expires  int64          `json:"exp"`
	All      map[string]any `json:"-"`
}

// Verifier holds what the app is registered with. A token never chooses the Algorithm.
type Verifier struct {
	Issuer, Audience string
	Algorithm        string // ES256, RS256, or HS256 with Secret
	Secret           string
	Keys             func(fresh bool) ([]Key, error)               // fresh: not from the cache
	FirstUse         func(jti string, expires int64) (bool, error) // a unique insert
}

// Ticket is who came back to service from the sign-in that sent state. Good once.
func (v *Verifier) Ticket(token, service, state string) (*Claims, error) {
	claims, err := v.claims(token, "ticket+jwt", 60, v.Algorithm)
	if err != nil {
		return nil, err
	}
	if claims.Service != service {
		return nil, refused("meant for another address")
	}
	if claims.ID == "" || state == "" || subtle.ConstantTimeCompare([]byte(claims.State), []byte(state)) != 1 {
		return nil, refused("another attempt")
	}
	first, err := v.FirstUse(claims.ID, claims.Expires)
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, refused("used before")
	}
	return claims, nil
}

// Identity reads X-Bridge-Identity. Always ES256, with the bridge's key.
func (v *Verifier) Identity(header string) (*Claims, error) {
	return v.claims(header, "idpb-identity+jwt", 60, "ES256")
}

// Logout names the session to end: Claims.Session.
func (v *Verifier) Logout(token string) (*Claims, error) {
	claims, err := v.claims(token, "logout+jwt", 120, v.Algorithm)
	if err != nil {
		return nil, err
	}
	if _, ok := claims.Events[logoutEvent]; !ok || claims.Session == "" {
		return nil, refused("no logout")
	}
	return claims, nil
}

func (v *Verifier) claims(token, kind string, life int64, algorithm string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, refused("not a token")
	}
	var header struct{ Alg, Typ, Kid string }
	claims := &Claims{}
	if parse(parts[0], &header) != nil || parse(parts[1], claims) != nil || parse(parts[1], &claims.All) != nil {
		return nil, refused("not a token")
	}
	if header.Alg != algorithm || header.Typ != kind {
		return nil, refused("another kind of token")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, refused("not a token")
	}
	signed, err := v.isSigned([]byte(parts[0]+"."+parts[1]), signature, header.Kid, algorithm)
	if err != nil {
		return nil, err
	}
	if !signed {
		return nil, refused("signature")
	}
	if claims.Issuer != v.Issuer || claims.Audience != v.Audience {
		return nil, refused("another app's")
	}
	now := time.Now().Unix()
	if claims.Expires-claims.Issued > life || now < claims.Issued-leeway || now >= claims.Expires+leeway {
		return nil, refused("expired")
	}
	return claims, nil
}

func (v *Verifier) isSigned(signed, signature []byte, kid, algorithm string) (bool, error) {
	if algorithm == "HS256" {
		if len(v.Secret) < 32 {
			return false, errors.New("HS256 needs a long secret")
		}
		mac := hmac.New(sha256.New, []byte(v.Secret))
		mac.Write(signed)
		return hmac.Equal(mac.Sum(nil), signature), nil
	}
	for _, fresh := range []bool{false, true} {
		keys, err := v.Keys(fresh)
		if err != nil {
			return false, err
		}
		for _, key := range keys {
			if key.Kid == kid {
				return key.verifies(algorithm, signed, signature), nil
			}
		}
	}
	return false, nil
}

func (k Key) verifies(algorithm string, signed, signature []byte) bool {
	hash := sha256.Sum256(signed)
	switch {
	case algorithm == "ES256" && k.Kty == "EC" && len(signature) == 64:
		key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(k.X), Y: number(k.Y)}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(key, hash[:], r, s)
	case algorithm == "RS256" && k.Kty == "RSA":
		key := &rsa.PublicKey{N: number(k.N), E: int(number(k.E).Int64())}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], signature) == nil
	}
	return false
}

func number(text string) *big.Int {
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	return new(big.Int).SetBytes(raw)
}

func parse(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func refused(reason string) error { return errors.Join(ErrRefused, errors.New(reason)) }
