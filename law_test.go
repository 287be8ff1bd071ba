// SPDX-License-Identifier: Apache-2.0

package keywright_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/keywright/keywright"

// A law says what a package may import. A name that ends in /... stands for all below it.
type law struct {
	ours     []string // of this module; "." is the root
	third    []string // of other modules
	standard []string // of the standard library, if not all of it
	never    []string // of the standard library
}

var (
	everything = []string{"..."}
	// outside is what the rules must not know: networks, databases, files, the environment, a log of their own.
	outside = []string{"net", "net/http/...", "database/...", "os/...", "log", "syscall", "crypto/rand", "math/rand/...", "embed", "html/...", "testing"}
)

// laws is policy. If a package does not fit its line, mend the package.
var laws = map[string]law{
	".": {standard: []string{
		"cmp", "context", "crypto/hmac", "crypto/rand", "crypto/sha256", "crypto/subtle", "encoding/base64", "encoding/hex", "errors", "fmt",
		"hash/crc32", "io", "math", "math/big", "math/bits", "net/netip", "slices", "strings", "time", "unicode/utf8",
	}},
	"authority":                {ours: []string{".", "signed", "authority/internal/..."}, third: []string{"golang.org/x/sync/...", "golang.org/x/crypto/argon2", "golang.org/x/crypto/bcrypt"}, never: outside},
	"authority/internal/rate":  {never: outside},
	"authority/internal/table": {never: outside},
	"store/internal/column":    {ours: []string{".", "authority"}, never: outside},
	"store/internal/listing":   {ours: []string{".", "authority", "store/internal/column"}, never: outside},
	"store/internal/ledger":    {ours: []string{".", "authority", "store/internal/column"}, never: outside},
	"store/sqlite":             {ours: []string{".", "authority", "store/internal/..."}, third: []string{"modernc.org/sqlite/...", "github.com/pressly/goose/v3/...", "github.com/gofrs/flock"}, never: []string{"net/http/..."}},
	"store/postgres":           {ours: []string{".", "authority", "store/internal/..."}, third: []string{"github.com/jackc/pgx/v5/...", "github.com/pressly/goose/v3/..."}, never: []string{"net/http/..."}},
	"store/storetest":          {ours: []string{".", "authority"}, third: []string{"github.com/google/go-cmp/...", "pgregory.net/rapid"}, never: []string{"net/http/...", "database/..."}},
	"backup":                   {ours: []string{".", "authority"}, third: []string{"github.com/gofrs/flock"}, never: []string{"net/http/...", "database/..."}},
	"api":                      {ours: []string{"."}},
	"client":                   {ours: []string{".", "api", "signed"}, never: []string{"database/..."}},
	"httpauth":                 {ours: []string{".", "api"}, never: []string{"database/...", "os/..."}},
	"internal/gateway":         {ours: []string{".", "authority", "api", "httpauth"}, never: []string{"database/...", "os/..."}},
	"internal/server":          {ours: []string{".", "authority", "api", "backup", "httpauth", "internal/gateway", "internal/partner", "internal/strictjson"}, third: everything, never: []string{"database/..."}},
	"grpcauth":                 {ours: []string{".", "httpauth", "api"}, third: []string{"google.golang.org/grpc/...", "google.golang.org/genproto/...", "google.golang.org/protobuf/..."}, never: []string{"database/...", "os/..."}},
	"internal/partner":         {never: []string{"database/...", "os/..."}},
	"internal/courier":         {ours: []string{".", "authority", "webhook"}, never: []string{"database/..."}},
	"internal/mcp":             {ours: []string{".", "leak", "api", "client", "internal/strictjson"}, third: []string{"github.com/modelcontextprotocol/go-sdk/..."}, never: []string{"database/...", "os/exec"}},
	"internal/console":         {ours: []string{"js"}, never: []string{"database/...", "os/..."}},
	"leak":                     {ours: []string{"."}, never: outside},
	"js":                       {standard: []string{"embed"}},
	"internal/sweep":           {ours: []string{"leak"}, third: []string{"github.com/go-git/go-git/v5/plumbing/format/gitignore", "github.com/klauspost/compress/zstd"}, never: []string{"net/...", "database/..."}},
	"internal/strictjson":      {ours: []string{"api"}, never: outside},
	"internal/telemetry":       {ours: []string{".", "authority"}, third: []string{"go.opentelemetry.io/...", "github.com/prometheus/client_golang/prometheus"}, never: []string{"database/...", "os/..."}},
	"internal/postgrestest":    {third: []string{"github.com/jackc/pgx/v5/..."}, never: []string{"net/http/..."}},
	"cmd/keywright":            {ours: everything, third: everything},
	"bench":                    {ours: everything, third: []string{"google.golang.org/grpc/...", "google.golang.org/genproto/...", "github.com/envoyproxy/go-control-plane/envoy/..."}},
	"proof":                    {ours: everything},
	"signed":                   {ours: []string{"."}, third: []string{"github.com/go-jose/go-jose/v4/..."}, never: outside},
	"webhook":                  {ours: []string{"."}, never: []string{"database/...", "os/...", "log", "crypto/rand", "math/rand/...", "embed", "html/...", "testing"}},
	"internal/extauthz": {
		ours: []string{".", "authority", "internal/gateway", "api", "httpauth"},
		third: []string{
			"google.golang.org/grpc/...", "google.golang.org/genproto/...", "google.golang.org/protobuf/...",
			"github.com/envoyproxy/go-control-plane/envoy/...", "github.com/prometheus/client_golang/prometheus",
		},
		never: []string{"database/...", "os/..."},
	},
	"store/sqlite/internal/faultfs": { // for tests: no line but this names it, so nothing that is shipped imports it
		third: []string{"modernc.org/sqlite/lib", "modernc.org/libc"}, never: []string{"os/...", "net/..."},
	},
}

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatal("go list lists no package")
	}
	return packages
}

func TestImportLaw(t *testing.T) {
	gone := map[string]bool{}
	for name := range laws {
		gone[name] = true
	}
	for _, p := range listPackages(t) {
		name := short(p.ImportPath)
		delete(gone, name)
		l, ok := laws[name]
		if !ok {
			t.Errorf("package %s has no line in the law", name)
			continue
		}
		for _, imported := range p.Imports {
			if !l.allows(imported) {
				t.Errorf("package %s must not import %s", name, imported)
			}
		}
	}
	for name := range gone {
		t.Errorf("the law has a line for %s, which is gone", name)
	}
}

// short is the path of a package within the module.
func short(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

func (l law) allows(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case path == module || strings.HasPrefix(path, module+"/"):
		return among(l.ours, short(path))
	case strings.Contains(first, "."):
		return among(l.third, path)
	case l.standard != nil:
		return among(l.standard, path)
	}
	return !among(l.never, path)
}

func among(names []string, path string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		below, wild := strings.CutSuffix(name, "...")
		return name == path || wild && (below == "" || path+"/" == below || strings.HasPrefix(path, below))
	})
}

func TestLawTells(t *testing.T) {
	for _, c := range []struct {
		from, imported string
		want           bool
	}{
		{".", "time", true},
		{".", "net/http", false},
		{".", "os", false},
		{".", module + "/authority", false},
		{".", "golang.org/x/sync/singleflight", false},
		{"authority", module, true},
		{"authority", module + "/authority/internal/table", true},
		{"authority", module + "/store/sqlite", false},
		{"authority", "net/http", false},
		{"authority", "net/netip", true},
		{"authority", "log/slog", true},
		{"authority", "os", false},
		{"authority", "os/exec", false},
		{"authority", "database/sql", false},
		{"authority", "golang.org/x/sync/singleflight", true},
		{"authority", "github.com/spf13/cobra", false},
		{"store/sqlite", module + "/store/internal/column", true},
		{"store/sqlite", module + "/store/postgres", false},
		{"store/internal/column", "database/sql", false},
		{"internal/server", module + "/store/sqlite", false},
		{"internal/server", module + "/internal/mcp", false},
		{"internal/mcp", module + "/internal/server", false},
		{"internal/mcp", module + "/authority", false},
		{"internal/server", "github.com/danielgtaylor/huma/v2", true},
		{"api", module + "/authority", false},
		{"leak", module + "/authority", false},
		{"leak", "os", false},
		{"internal/sweep", module + "/client", false},
		{"client", module + "/authority", false},
		{"client", module + "/api", true},
		{"httpauth", module + "/authority", false},
		{"httpauth", "google.golang.org/grpc", false},
		{"grpcauth", module + "/authority", false},
		{"grpcauth", "google.golang.org/grpc/metadata", true},
		{"cmd/keywright", module + "/store/sqlite", true},
	} {
		if got := laws[c.from].allows(c.imported); got != c.want {
			t.Errorf("%s may import %s: %v", c.from, c.imported, got)
		}
	}
}

// sources returns the parsed files of a folder by name, tests aside.
func sources(t *testing.T, folder string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	if len(files) == 0 {
		t.Fatalf("no Go file in %s", folder)
	}
	return files
}

// references returns the names of a package that a file uses, such as Now of time.
func references(file *ast.File, path string) (names []string) {
	local := path[strings.LastIndexByte(path, '/')+1:]
	for _, i := range file.Imports {
		if i.Path.Value == `"`+path+`"` && i.Name != nil {
			local = i.Name.Name
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Name == local {
				names = append(names, s.Sel.Name)
			}
		}
		return true
	})
	return names
}

func TestNoClockInRootAndAuthority(t *testing.T) {
	for _, folder := range []string{".", "authority", "authority/internal/rate", "signed", "webhook"} {
		for name, file := range sources(t, folder) {
			for _, used := range references(file, "time") {
				if slices.Contains([]string{"Now", "Since", "Until"}, used) {
					t.Errorf("%s uses time.%s: time is an argument", name, used)
				}
			}
		}
	}
}

func TestRootDoesNothingByItself(t *testing.T) {
	for name, file := range sources(t, ".") {
		for _, used := range references(file, "time") {
			if slices.Contains([]string{"Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}, used) {
				t.Errorf("%s uses time.%s", name, used)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", name)
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s has an init function", name)
				}
			}
			return true
		})
	}
}

func TestEveryFileOfTheRootHasItsLicence(t *testing.T) {
	for name, file := range sources(t, ".") {
		if len(file.Comments) == 0 || file.Comments[0].Pos() != file.FileStart || file.Comments[0].List[0].Text != "// SPDX-License-Identifier: Apache-2.0" {
			t.Errorf("%s does not begin with its licence", name)
		}
	}
}
