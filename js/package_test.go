// SPDX-License-Identifier: Apache-2.0

package js_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const typescript = "node_modules/typescript/bin/tsc"

// manifest is what the tests read of package.json.
type manifest struct {
	Exports map[string]any    `json:"exports"`
	Bin     map[string]string `json:"bin"`
}

func readManifest(t *testing.T) (m manifest) {
	t.Helper()
	b, err := os.ReadFile("package.json")
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// targets are the files that the manifest names, types aside.
func (m manifest) targets() (files []string) {
	for _, target := range m.Exports {
		if conditions, ok := target.(map[string]any); ok {
			target = conditions["default"]
		}
		files = append(files, strings.TrimPrefix(target.(string), "./"))
	}
	for _, file := range m.Bin {
		files = append(files, file)
	}
	slices.Sort(files)
	return files
}

// TestTypes checks the types that the comments of all modules declare.
func TestTypes(t *testing.T) {
	need(t, "node", typescript, "Node, and npm ci in js")
	listed := run(t, ".", "node", typescript, "--noEmit", "--listFiles", "-p", ".")
	modules, err := filepath.Glob("*.js")
	if err != nil || len(modules) == 0 {
		t.Fatalf("no module in js: %v", err)
	}
	for _, name := range modules {
		if !strings.Contains(listed, "/"+name+"\n") {
			t.Errorf("the types of %s are not checked", name)
		}
	}
}

// TestPackage packs the package, installs it in an empty folder and compiles and runs a program in TypeScript over it.
func TestPackage(t *testing.T) {
	need(t, "npm", typescript, "npm, and npm ci in js")
	folder := t.TempDir()
	packed := pack(t, folder)
	checkPacked(t, packed.Files)

	for _, name := range []string{"main.ts", "modules.ts", "tsconfig.json"} {
		copyFile(t, filepath.Join("test/consumer", name), filepath.Join(folder, name))
	}
	if err := os.WriteFile(filepath.Join(folder, "package.json"), []byte(`{"private":true,"type":"module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, folder, "npm", "install", "--offline", "--no-audit", "--no-fund", packed.Filename)
	compiler, err := filepath.Abs(typescript)
	if err != nil {
		t.Fatal(err)
	}
	run(t, folder, "node", compiler, "-p", ".")
	want := `{"match":true,"checksum":"ok","parts":["acme","test"],"many":5,"strength":"very strong","unlikely":true,"names":20,` +
		`"label":"dev","row":9,"digest":32,"refused":["key: has not the length that its format has",` +
		`"secret: has 32 bits of entropy, less than 128: 32 characters of hex would do"],"mistakes":3}`
	if got := strings.TrimSpace(run(t, folder, "node", "out/main.js")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	imported := run(t, folder, "node", "out/modules.js")
	for path := range readManifest(t).Exports {
		if name := strings.TrimPrefix(path, "./"); path != "." && name != "package.json" && !strings.Contains(imported, name+" true\n") {
			t.Errorf("keywright/%s is not imported by the consumer: %s", name, imported)
		}
	}
}

type packedFile struct {
	Path string `json:"path"`
}

type tarball struct {
	Filename string       `json:"filename"`
	Files    []packedFile `json:"files"`
}

// pack runs npm pack, which generates the declarations first.
func pack(t *testing.T, folder string) tarball {
	t.Helper()
	out := run(t, ".", "npm", "pack", "--json", "--silent", "--pack-destination", folder)
	var packed []tarball
	if start := strings.Index(out, "[\n"); start < 0 || json.NewDecoder(strings.NewReader(out[start:])).Decode(&packed) != nil || len(packed) != 1 {
		t.Fatalf("npm pack says %s", out)
	}
	return packed[0]
}

// checkPacked expects every module with its declarations, the licence and the README, and nothing else.
func checkPacked(t *testing.T, files []packedFile) {
	t.Helper()
	names := map[string]bool{}
	for _, f := range files {
		names[f.Path] = true
	}
	want := []string{"LICENSE", "README.md", "package.json", "worker/wrangler.toml"}
	modules, err := filepath.Glob("*.js")
	if err != nil || len(modules) == 0 {
		t.Fatalf("no module in js: %v", err)
	}
	for _, name := range modules {
		want = append(want, name, "types/"+strings.TrimSuffix(name, ".js")+".d.ts")
	}
	for _, name := range append(want, readManifest(t).targets()...) {
		if !names[name] {
			t.Errorf("the package has no %s", name)
		}
	}
	for name := range names {
		if !slices.Contains(want, name) && !strings.HasPrefix(name, "bin/") && !strings.HasPrefix(name, "types/bin/") {
			t.Errorf("the package has %s, which is not for those who use it", name)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLicence: the package carries the licence of the project, and no address of a registry.
func TestLicence(t *testing.T) {
	ours, err := os.ReadFile("../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile("LICENSE")
	if err != nil || !bytes.Equal(ours, packed) {
		t.Errorf("js/LICENSE is not the licence of the project: %v", err)
	}
	for _, name := range []string{"package-lock.json", "bench/package-lock.json", "test/package-lock.json"} {
		lock, err := os.ReadFile(name)
		if err != nil || bytes.Contains(lock, []byte(`"resolved"`)) {
			t.Errorf("js/%s names a registry, or is not there: npm install with omit-lockfile-registry-resolved, as in .npmrc: %v", name, err)
		}
	}
	modules, err := filepath.Glob("*.js")
	if err != nil || len(modules) == 0 {
		t.Fatalf("no module in js: %v", err)
	}
	for _, name := range modules {
		b, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(b[:min(len(b), 100)], []byte("// SPDX-License-Identifier: Apache-2.0\n")) {
			t.Errorf("%s does not begin with its licence: %v", name, err)
		}
	}
}
