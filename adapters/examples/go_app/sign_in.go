// Signing in with go-oidc and x/oauth2, and what these leave to the app: sessions, roles, acr,
// back-channel logout.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

var levels = []string{"activation", "qr", "password", "mfa", "passkey"}

// Person is what this app knows of who is there.
type Person struct {
	Issuer  string   `json:"issuer"`
	Subject string   `json:"subject"`
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
	Acr     string   `json:"acr"`
	sid     string
	idToken string
}

type attempt struct{ state, nonce, verifier string }

// SignIn begins, finishes and ends sign-ins; tokens stay on the server.
type SignIn struct {
	appURL, cookie, requiredAcr, endSession string
	oauth                                   oauth2.Config
	verifier                                *oidc.IDTokenVerifier
	mu                                      sync.Mutex
	people                                  map[string]Person
	attempts                                map[string]attempt
}

func newSignIn(ctx context.Context, setting func(string) string) (*SignIn, error) {
	provider, err := oidc.NewProvider(ctx, setting("ISSUER"))
	if err != nil {
		return nil, err
	}
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return nil, err
	}
	where, err := url.Parse(setting("APP_URL"))
	if err != nil {
		return nil, err
	}
	required := setting("REQUIRED_ACR")
	if required == "" {
		required = "qr"
	}
	return &SignIn{
		appURL:      setting("APP_URL"),
		cookie:      "__Host-app-" + where.Port(),
		requiredAcr: required,
		endSession:  metadata.EndSession,
		oauth: oauth2.Config{
			ClientID:     setting("CLIENT_ID"),
			ClientSecret: setting("CLIENT_SECRET"),
			Endpoint:     provider.Endpoint(),
			RedirectURL:  setting("APP_URL") + "/callback",
			Scopes:       []string{oidc.ScopeOpenID, "profile"},
		},
		verifier: provider.Verifier(&oidc.Config{
			ClientID:             setting("CLIENT_ID"),
			SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256},
		}),
		people:   map[string]Person{},
		attempts: map[string]attempt{},
	}, nil
}

// begin sends the browser to Keycloak; the attempt is found again by a cookie of this browser.
func (s *SignIn) begin(w http.ResponseWriter, r *http.Request) {
	id, begun := rand.Text(), attempt{rand.Text(), rand.Text(), oauth2.GenerateVerifier()}
	s.mu.Lock()
	if len(s.attempts) >= 10_000 {
		clear(s.attempts)
	}
	s.attempts[id] = begun
	s.mu.Unlock()
	s.setCookie(w, s.cookie+"-in", id)
	there := s.oauth.AuthCodeURL(begun.state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier))
	http.Redirect(w, r, there, http.StatusFound)
}

// finish redeems the code. The session's id is new each time, whatever the browser brought.
func (s *SignIn) finish(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	who, err := s.redeemed(ctx, r)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": "sign_in_failed"})
		return
	}
	id := rand.Text()
	s.mu.Lock()
	delete(s.people, cookieOf(r, s.cookie))
	s.people[id] = who
	s.mu.Unlock()
	s.setCookie(w, s.cookie, id)
	s.setCookie(w, s.cookie+"-in", "")
	http.Redirect(w, r, "/", http.StatusFound)
}

func (s *SignIn) redeemed(ctx context.Context, r *http.Request) (Person, error) {
	id, query := cookieOf(r, s.cookie+"-in"), r.URL.Query()
	s.mu.Lock()
	begun, ok := s.attempts[id]
	delete(s.attempts, id)
	s.mu.Unlock()
	if !ok || query.Get("state") != begun.state {
		return Person{}, errors.New("this browser began no such sign-in")
	}
	tokens, err := s.oauth.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return Person{}, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	verified, err := s.verifier.Verify(ctx, raw)
	if err != nil {
		return Person{}, err
	}
	if verified.Nonce != begun.nonce {
		return Person{}, errors.New("nonce is not the one sent")
	}
	return s.person(verified, raw)
}

// person reads the app's own client roles, and only of a sign-in that was sure enough: Keycloak
// does not enforce acr.
func (s *SignIn) person(verified *oidc.IDToken, raw string) (Person, error) {
	var claims struct {
		Name   string                              `json:"name"`
		Acr    string                              `json:"acr"`
		Sid    string                              `json:"sid"`
		Azp    string                              `json:"azp"`
		Access map[string]struct{ Roles []string } `json:"resource_access"`
	}
	if err := verified.Claims(&claims); err != nil {
		return Person{}, err
	}
	if claims.Azp != "" && claims.Azp != s.oauth.ClientID {
		return Person{}, errors.New("given to another app")
	}
	level := slices.Index(levels, claims.Acr)
	if level < 0 || level < slices.Index(levels, s.requiredAcr) {
		return Person{}, errors.New("the sign-in was too weak")
	}
	roles := slices.Sorted(slices.Values(claims.Access[s.oauth.ClientID].Roles))
	return Person{verified.Issuer, verified.Subject, claims.Name, roles, claims.Acr, claims.Sid, raw}, nil
}

func (s *SignIn) current(r *http.Request) (Person, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.people[cookieOf(r, s.cookie)]
	return who, ok
}

// end signs out here, and sends the browser to sign out at Keycloak; only from this app's own form.
func (s *SignIn) end(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != s.appURL {
		answer(w, http.StatusForbidden, map[string]any{"error": "cross_site"})
		return
	}
	id := cookieOf(r, s.cookie)
	s.mu.Lock()
	who, ok := s.people[id]
	delete(s.people, id)
	s.mu.Unlock()
	s.setCookie(w, s.cookie, "")
	there := s.appURL + "/signed-out"
	if ok {
		query := url.Values{"id_token_hint": {who.idToken}, "post_logout_redirect_uri": {there}}
		there = s.endSession + "?" + query.Encode()
	}
	http.Redirect(w, r, there, http.StatusSeeOther)
}

// endNamed is the back-channel logout: by sid, and only without it by sub.
func (s *SignIn) endNamed(w http.ResponseWriter, r *http.Request) {
	verified, err := s.verifier.Verify(r.Context(), r.PostFormValue("logout_token"))
	var claims struct {
		Sid    string                    `json:"sid"`
		Nonce  string                    `json:"nonce"`
		Events map[string]map[string]any `json:"events"`
	}
	if err == nil {
		err = verified.Claims(&claims)
	}
	if err != nil || claims.Events[logoutEvent] == nil || claims.Nonce != "" ||
		time.Since(verified.IssuedAt) > 2*time.Minute || claims.Sid+verified.Subject == "" {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	s.mu.Lock()
	for id, who := range s.people {
		if claims.Sid == who.sid || (claims.Sid == "" && verified.Subject == who.Subject) {
			delete(s.people, id)
		}
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{})
}

// setCookie writes a cookie of this origin alone; an empty value takes it away.
func (s *SignIn) setCookie(w http.ResponseWriter, name, value string) {
	cookie := http.Cookie{
		Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, &cookie)
}

func cookieOf(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
