// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

const canary = "acme_live_canary0fK7mNpQ2rT8vWbYhGjF3s"

// searchCanary fails where output holds the canary, or a telling part of it, in an encoding that fmt or an encoder
// could have used.
func searchCanary(t *testing.T, how, output string) {
	t.Helper()
	part := []byte("canary0fK7mNpQ2r")
	spaced := strings.Trim(fmt.Sprintf("% x", part), " ")
	for _, form := range []string{
		string(part), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)), spaced, strings.ToUpper(spaced),
		strings.Trim(fmt.Sprint(part), "[]"), base64.StdEncoding.EncodeToString([]byte(canary))[16:32],
	} {
		if strings.Contains(output, form) {
			t.Errorf("%s shows the secret: %.200s", how, output)
		}
	}
}

// hidden has a secret where fmt may not call methods.
type hidden struct {
	secret  Secret
	pointer *Secret
	key     Key
	any     any
	list    []Secret
	byName  map[string]Secret
	inner   struct{ ask *Ask }
}

func secretValues(t *testing.T) map[string]any {
	f := Format{Prefix: "acme", Environment: "live", Secret: Part{Encoding: Base62, Chars: len(canary) - len("acme_live_")}}
	f, err := f.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	secret := NewSecret(canary)
	key, err := f.Parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	ask := Ask{Key: secret, Keyspace: "default"}
	h := hidden{secret, &secret, key, secret, []Secret{secret}, map[string]Secret{"a": secret}, struct{ ask *Ask }{&ask}}
	return map[string]any{
		"secret": secret, "pointer": &secret, "key": key, "key pointer": &key, "segment": key.Secret(), "ask": ask, "ask pointer": &ask,
		"hidden": h, "hidden pointer": &h, "slice": []any{secret, key, &h}, "array": [1]Secret{secret},
		"map": map[Secret]Secret{secret: secret}, "map of keys": map[string]Key{"a": key}, "reflected": reflect.ValueOf(secret),
		"embedded": struct{ Secret }{secret}, "embedded key": struct{ Key }{key}, "error": errors.Join(fmt.Errorf("with %v and %s", secret, key)),
		"verdict": Verdict{Code: Valid, PublicID: key.PublicID()}, "candidates": Inspect(secret), "generic": []Secret{secret},
	}
}

func TestSecretCannotBeFormatted(t *testing.T) {
	for name, v := range secretValues(t) {
		for verb := 'A'; verb <= 'z'; verb++ {
			if verb > 'Z' && verb < 'a' {
				continue
			}
			for _, flags := range []string{"", "+", "-", "#", " ", "0", "+#", "# ", "40", "-40", ".3", "40.20", "[1]"} {
				format := "%" + flags + string(verb)
				searchCanary(t, name+" with "+format, fmt.Sprintf(format, v))
			}
		}
		searchCanary(t, name+" with Sprint", fmt.Sprint(v))
		searchCanary(t, name+" with Sprintln", fmt.Sprintln(v, v))
		star := "%*d %[2]*[2]v" // a secret where a width belongs
		searchCanary(t, name+" with *", fmt.Sprintf(star, 12, v))
	}
	for _, format := range []string{"%v", "%s", "%q", "%x", "%d", "%+v", "%#v"} {
		if got := fmt.Sprintf(format, NewSecret(canary)); got != masked {
			t.Errorf("%s gives %s", format, got)
		}
	}
}

type holder struct{ V any }

func TestSecretCannotBeEncoded(t *testing.T) {
	for name, v := range secretValues(t) {
		text, _ := json.Marshal(v)
		searchCanary(t, name+" as JSON", string(text))
		text, _ = json.Marshal(map[string]any{"v": v})
		searchCanary(t, name+" within JSON", string(text))
		text, _ = xml.Marshal(holder{v})
		searchCanary(t, name+" as XML", string(text))
		var b bytes.Buffer
		_ = gob.NewEncoder(&b).Encode(v)
		searchCanary(t, name+" as gob", b.String())
		b.Reset()
		_ = template.Must(template.New("").Parse("{{.}} {{printf `%q` .}}<script>{{.}}</script>")).Execute(&b, v)
		searchCanary(t, name+" in a template", b.String())
	}
	if text, err := json.Marshal(NewSecret(canary)); err != nil || string(text) != `"[secret]"` {
		t.Errorf("JSON: %s, %v", text, err)
	}
}

func TestSecretCannotBeLogged(t *testing.T) {
	for name, v := range secretValues(t) {
		var b bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			l := slog.New(h).With("with", v)
			l.Info("message", "value", v, slog.Group("group", "inner", v))
			l.LogAttrs(context.Background(), slog.LevelError, "message", slog.Any("any", v))
		}
		if b.Len() == 0 {
			t.Fatal("nothing was logged")
		}
		searchCanary(t, name+" in a log", b.String())
	}
}

func TestSearchFindsPlantedSecret(t *testing.T) {
	planted := struct{ text string }{canary}
	for _, output := range []string{fmt.Sprint(planted), fmt.Sprintf("%x", planted), fmt.Sprintf("% X", planted), fmt.Sprintf("%d", []byte(canary))} {
		inner := &testing.T{}
		searchCanary(inner, "planted", output)
		if !inner.Failed() {
			t.Errorf("the search does not find the secret in %s", output)
		}
	}
}

func TestSecretComesBackByReveal(t *testing.T) {
	s := NewSecret(canary)
	if s.Reveal() != canary || s.IsZero() || !(Secret{}).IsZero() || !NewSecret("").IsZero() || (Secret{}).Reveal() != "" {
		t.Error("Reveal or IsZero is wrong")
	}
	if !s.Equal(NewSecret(canary)) || s.Equal(NewSecret(canary+"x")) || s.Equal(Secret{}) || !(Secret{}).Equal(NewSecret("")) {
		t.Error("Equal is wrong")
	}
	var read struct{ Key Secret }
	if err := json.Unmarshal([]byte(`{"Key":"`+canary+`"}`), &read); err != nil || read.Key.Reveal() != canary {
		t.Errorf("a secret cannot be read: %v", err)
	}
}

func TestHash(t *testing.T) {
	h := HashText("abc")
	if h.String() != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("SHA-256 of abc: %s", h)
	}
	long := strings.Repeat("x", 300)
	if HashText(long).Equal(HashText(long[:256])) || !HashText(long).Equal(HashText(long)) || h.IsZero() || !(Hash{}).IsZero() {
		t.Error("hashes of long texts, or comparison")
	}
	text, err := json.Marshal(h)
	var again Hash
	if err != nil || json.Unmarshal(text, &again) != nil || again != h {
		t.Errorf("JSON: %s, %v", text, err)
	}
}

// TestHashOfAWholeKey holds the hash to what other programs store: hex SHA-256 of the UTF-8 text.
func TestHashOfAWholeKey(t *testing.T) {
	const want = "e9982364fd73c3ea5cfbc3c032589e2b8d332cd405e37d6ed3277972c1743f11"
	if got := HashText("sk_live_abc123").String(); got != want {
		t.Errorf("got %s", got)
	}
}
