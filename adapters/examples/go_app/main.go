// The police doorplate portal in Go: everybody with a role reads, editors edit.
package main

import (
	"context"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"os"
	"slices"
	"time"
)

var home = template.Must(template.New("home").Parse(
	`<!doctype html><html lang=zh-CN><meta charset=utf-8><title>门楼牌</title><h1>您好，{{.Name}}</h1>`))

func main() {
	signIn, err := newSignIn(context.Background(), os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", say(map[string]any{"ready": true}))
	routes.HandleFunc("GET /signed-out", say(map[string]any{"signed": "out"}))
	routes.HandleFunc("GET /login", signIn.begin)
	routes.HandleFunc("GET /callback", signIn.finish)
	routes.HandleFunc("POST /logout", signIn.end)
	routes.HandleFunc("POST /backchannel-logout", signIn.endNamed)
	routes.HandleFunc("GET /{$}", signIn.requireRole(showHome, "reader", "editor"))
	routes.HandleFunc("GET /whoami", signIn.requireRole(showPerson, "reader", "editor"))
	routes.HandleFunc("GET /plates/edit", signIn.requireRole(showPlate, "editor"))
	server := http.Server{
		Addr:              os.Getenv("LISTEN"),
		Handler:           http.MaxBytesHandler(routes, 64<<10),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// A page for a person who may see it.
type page func(http.ResponseWriter, Person)

// requireRole lets in whoever holds one of the roles.
func (s *SignIn) requireRole(shown page, roles ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := s.current(r)
		switch {
		case !ok && r.URL.Path == "/":
			http.Redirect(w, r, "/login", http.StatusFound)
		case !ok:
			answer(w, http.StatusUnauthorized, map[string]any{"error": "login_required"})
		case !slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(who.Roles, role) }):
			answer(w, http.StatusForbidden, map[string]any{"error": "refused"})
		default:
			shown(w, who)
		}
	}
}

func showHome(w http.ResponseWriter, who Person) {
	w.Header().Set("Cache-Control", "no-store")
	_ = home.Execute(w, who)
}

func showPerson(w http.ResponseWriter, who Person) {
	answer(w, http.StatusOK, who)
}

func showPlate(w http.ResponseWriter, _ Person) {
	answer(w, http.StatusOK, map[string]any{"plate": "共乐路 18 号"})
}

func say(fact map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, fact) }
}

func answer(w http.ResponseWriter, status int, fact any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fact)
}
