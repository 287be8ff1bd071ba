// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
)

const (
	bearerScheme = "serviceKey"
	proxyScheme  = "proxyKey"
	cookieScheme = "session"
	scopesField  = "x-keywright-scopes" // of an operation: a service key needs one of them
	verifyTag    = "Verify"
	storeTag     = "Store"
	publicTag    = "Without a service key"
)

// describe fills in what is not of one route.
func describe(o *huma.OpenAPI) {
	o.Info.Description = "An open authority for API keys. Calls carry Authorization: Bearer with a service key unless it is said otherwise. " +
		"What is refused is refused with a problem document (RFC 9457); a refused key is a verdict, and 200."
	o.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	o.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearerScheme: {Type: "http", Scheme: "bearer", Description: "A service key: one of the keyspace keywright."},
		cookieScheme: {Type: "apiKey", In: "cookie", Name: api.CookieSession, Description: "A session of a service key, from POST " + api.PathSessions + "; over plain HTTP the cookie is called " + api.CookieSessionPlain + ". Methods other than GET, HEAD and OPTIONS need the header " + api.HeaderCSRF + " besides."},
		proxyScheme:  {Type: "apiKey", In: "header", Name: gateway.HeaderProxy, Description: "A service key of a proxy."},
	}
	o.Tags = []*huma.Tag{
		{Name: verifyTag, Description: "What gateways and services ask."},
		{Name: keysTag, Description: "The life of a key: issue, change, disable, revoke."},
		{Name: creditsTag, Description: "Balances that verifications spend from."},
		{Name: ownersTag, Description: "Limits and credits that the keys of one owner share."},
		{Name: usageTag, Description: "How often keys were verified."},
		{Name: keyspacesTag, Description: "The APIs that keys are for."},
		{Name: tokensTag, Description: "Keys are exchanged for JWTs that are verified offline, and end when something was taken away from the key."},
		{Name: eventsTag, Description: "What was done, by whom: every act is one event of a chain."},
		{Name: webhooksTag, Description: "Where events are sent to: webhooks, and exports for systems that collect logs."},
		{Name: leaksTag, Description: "Keys that were seen where they must not be: reported, ended by the policy of their keyspace, and told."},
		{Name: sessionsTag, Description: "A service key in a browser: the console signs in with it, and keeps a cookie in its place."},
		{Name: storeTag, Description: "The store as a whole."},
		{Name: publicTag},
	}
}

// secureOperation documents the row of the table.
func secureOperation(o *huma.Operation, row access) {
	if row.anyone {
		o.Security = []map[string][]string{{}}
		return
	}
	if row.proxy {
		o.Security = []map[string][]string{{proxyScheme: {}}, {}}
		o.Description = strings.TrimSpace(o.Description + " " + row.note)
		return
	}
	o.Security = []map[string][]string{{bearerScheme: {}}}
	if !row.keyOnly {
		o.Security = append(o.Security, map[string][]string{cookieScheme: {}})
	}
	if row.self {
		o.Description = strings.TrimSpace(o.Description + " " + row.note)
		return
	}
	if row.loopback {
		o.Security = append(o.Security, map[string][]string{})
	}
	scope := row.scopes[0]
	o.Extensions = map[string]any{scopesField: row.scopes}
	needs := "Needs the scope " + scope + "."
	if len(row.scopes) > 1 {
		needs = "Needs the scope " + scope + "; on the keyspace " + authority.ReservedKeyspace + " " + row.scopes[1] + "."
	}
	if row.note != "" {
		needs = row.note
	}
	o.Description = strings.TrimSpace(o.Description + " " + needs)
}

// finishDocument adds the routes that huma does not serve, and writes the document and its page.
func (s *Server) finishDocument() error {
	d := documenter{s.api.OpenAPI()}
	d.verify()
	d.forward()
	d.public(!s.options.NoGenerate)
	d.leaks()
	d.exchanges()
	d.sessions()
	if s.options.MCP != nil {
		d.mcp()
	}
	d.probes()
	d.backup()
	d.issueLines()
	d.bulk()
	d.imports()
	d.exports()
	d.grace()
	d.loosen()
	if err := d.examples(); err != nil {
		return err
	}
	var document bytes.Buffer
	e := newEncoder(&document)
	e.SetIndent("", "  ")
	if err := e.Encode(d.doc); err != nil {
		return err
	}
	s.document = document.Bytes()
	page, err := renderDocs(s.document)
	s.docs = page
	return err
}

// documenter documents routes that are written by hand.
type documenter struct{ doc *huma.OpenAPI }

func schema[T any](d documenter) *huma.Schema {
	return d.doc.Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func content(media string, s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{media: {Schema: s}}
}

// add adds an operation. In and out may be nil.
func (d documenter) add(o huma.Operation, status int, in, out map[string]*huma.MediaType) *huma.Operation {
	secureOperation(&o, rowOf(o.Method, o.Path))
	if in != nil {
		o.RequestBody = &huma.RequestBody{Required: true, Content: in}
	}
	o.Responses = map[string]*huma.Response{
		strconv.Itoa(status): {Description: http.StatusText(status), Content: out},
		"default":            {Description: "Error", Content: content(api.MediaProblem, schema[api.Problem](d))},
	}
	d.doc.AddOperation(&o)
	return &o
}

func (d documenter) verify() {
	d.add(huma.Operation{
		OperationID: "verify-key", Method: http.MethodPost, Path: api.PathVerify, Tags: []string{verifyTag}, Summary: "Judge a key",
		Description: "A key that may not be used is a verdict with valid=false and a code. 503 says that no judgement could be made: refuse then, and do not say that the key is bad.",
	}, http.StatusOK, content(api.MediaJSON, schema[api.VerifyRequest](d)), content(api.MediaJSON, schema[api.VerifyResponse](d)))
	d.add(huma.Operation{
		OperationID: "verify-keys", Method: http.MethodPost, Path: api.PathVerifyBatch, Tags: []string{verifyTag}, Summary: "Judge many keys",
		Description: "One request a line, answered by one line each, in order.",
	}, http.StatusOK, content(api.MediaLines, schema[api.VerifyRequest](d)), content(api.MediaLines, schema[api.VerifyLine](d)))
}

func (d documenter) public(generate bool) {
	d.add(huma.Operation{
		OperationID: "revoke-self", Method: http.MethodPost, Path: api.PathRevokeSelf, Tags: []string{publicTag}, Summary: "End the key that one holds",
		Description: "Whoever holds a secret key can end it, or up to 1,000 at once; publishable keys are exempt. The answer is the same whatever the key, and comes after a multiple of 100 ms. Limited by address.",
	}, http.StatusAccepted, content(api.MediaJSON, schema[api.RevokeSelfRequest](d)), content(api.MediaJSON, schema[api.Accepted](d)))
	d.once()
	if !generate {
		return
	}
	o := d.add(huma.Operation{
		OperationID: "sec-api-key-generate", Method: http.MethodPost, Path: api.PathGenerate, Tags: []string{publicTag}, Summary: "Make a key that nobody stores",
		Description: "Prefix, _ and a secret without ambiguous characters. Limited by address.",
	}, http.StatusOK, content(api.MediaJSON, schema[api.GenerateRequest](d)), content(api.MediaJSON, schema[api.GenerateResponse](d)))
	o.Responses["default"].Content = content(api.MediaJSON, schema[api.GenerateResponse](d))
}

func (d documenter) once() {
	text := &huma.Schema{Type: huma.TypeString}
	token := []*huma.Param{{Name: "token", In: "path", Required: true, Schema: text, Description: "What the link ends with.", Example: exampleToken}}
	d.add(huma.Operation{
		OperationID: "once", Method: http.MethodGet, Path: api.PathOnce, Tags: []string{publicTag}, Summary: "What a link to a new key shows",
		Description: "A page with a button. It is the same whatever the link, and uses up none.", Parameters: token,
	}, http.StatusOK, nil, content("text/html", text))
	o := d.add(huma.Operation{
		OperationID: "reveal-key", Method: http.MethodPost, Path: api.PathOnce, Tags: []string{publicTag}, Summary: "Fetch the new key behind a link",
		Description: "Once and within ten minutes, and not after a restart of the server; it leaves the event key.reveal. A link that was used, has ended or never was is 404. Limited by address.",
		Parameters:  token,
	}, http.StatusOK, nil, content(api.MediaJSON, schema[api.Revealed](d)))
	o.Responses["200"].Content["text/html"] = &huma.MediaType{Schema: text}
}

// exampleToken stands in the document for the end of a link.
const exampleToken = "0Xo6zGm3pXAnq7dUCXg4oKbQ1Uv1hK2j5sZJw8RkYtE"

func (d documenter) mcp() {
	message := content(api.MediaJSON, &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true})
	d.add(huma.Operation{
		OperationID: "mcp", Method: http.MethodPost, Path: api.PathMCP, Tags: []string{publicTag}, Summary: "Tools for AI agents",
		Description: "Model Context Protocol, streamable HTTP without sessions: one JSON-RPC message a request. Stateless tools work without a service key; " +
			"the others with one in Authorization: Bearer, which they show to the routes of this document. Limited by address.",
	}, http.StatusOK, message, message)
}

func (d documenter) probes() {
	for _, o := range []huma.Operation{
		{OperationID: "live", Path: api.PathLive, Summary: "Whether the process answers"},
		{OperationID: "ready", Path: api.PathReady, Summary: "Whether requests should be sent here"},
		{OperationID: "openapi", Path: api.PathOpenAPI, Summary: "This document"},
		{OperationID: "signpost", Path: "/", Summary: "Where to go"},
	} {
		o.Method, o.Tags = http.MethodGet, []string{publicTag}
		out := content(api.MediaJSON, &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true})
		if o.Path == api.PathReady {
			out = content(api.MediaJSON, schema[api.Ready](d))
		}
		d.add(o, http.StatusOK, nil, out)
	}
	text := &huma.Schema{Type: huma.TypeString}
	d.add(huma.Operation{
		OperationID: "docs", Method: http.MethodGet, Path: api.PathDocs, Tags: []string{publicTag}, Summary: "This document as a page",
	}, http.StatusOK, nil, content("text/html", text))
	d.add(huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: api.PathMetrics, Tags: []string{publicTag}, Summary: "Figures for Prometheus",
		Description: "From this machine without a service key.",
	}, http.StatusOK, nil, content("text/plain", text))
}

// issueLines adds the streams to the route that huma serves for one key, and the answer to a repeat.
func (d documenter) issueLines() {
	o := d.doc.Paths[api.PathKeys].Post
	o.RequestBody.Content[api.MediaLines] = &huma.MediaType{Schema: schema[api.IssueRequest](d)}
	o.Responses["200"] = &huma.Response{
		Description: "The answer to a stream; or a repeat of a request with the same Idempotency-Key, without the key.",
		Content: map[string]*huma.MediaType{
			api.MediaLines: {Schema: schema[api.IssueLine](d)},
			api.MediaJSON:  {Schema: schema[api.IssueResponse](d)},
		},
	}
}

func (d documenter) bulk() {
	d.add(huma.Operation{
		OperationID: "bulk", Method: http.MethodPost, Path: api.PathBulk, Tags: []string{keysTag}, Summary: "Revoke, disable, enable or rotate many keys",
		Description: "Does a verb to every key of a filter and answers a line for each as it is done, then one with the end: how many they were, and why it ended early, if it did. " +
			"An answer without that last line was cut off. With dry_run it only tells which keys it would be. Keys to which there is nothing to do are left out. " +
			"There is one event for the act and one for each key.",
	}, http.StatusOK, content(api.MediaJSON, schema[api.BulkRequest](d)), content(api.MediaLines, schema[api.BulkLine](d)))
}

// grace says that a grace is a duration alone, or an object.
func (d documenter) grace() {
	s := d.doc.Components.Schemas.Map()["Grace"]
	s.Description = "A duration such as 24h, 0s to end the secret before at once, or an object with these fields."
	s.Type, s.Required = "", []string{"idle"}
	s.OneOf = []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeObject}}
}

// loosen lets answers grow: what they hold and requests do not may get new fields. A line of a stream is an answer or a
// problem.
func (d documenter) loosen() {
	asked := map[string]bool{}
	for _, path := range d.doc.Paths {
		for _, o := range []*huma.Operation{path.Post, path.Put, path.Patch} {
			if o == nil || o.RequestBody == nil {
				continue
			}
			for _, media := range o.RequestBody.Content {
				d.reach(media.Schema, asked)
			}
		}
	}
	schemas := d.doc.Components.Schemas.Map()
	for name, s := range schemas {
		if !asked[name] && s.Type == huma.TypeObject {
			s.AdditionalProperties = true
		}
	}
	schemas["VerifyLine"].Required = nil
	schemas["IssueLine"].Required = []string{"line"}
	schemas["BulkLine"].Required = nil
	schemas["ImportAnswer"].Required = nil
}

// reach marks the schemas that a schema refers to.
func (d documenter) reach(s *huma.Schema, marked map[string]bool) {
	if s == nil {
		return
	}
	d.reach(s.Items, marked)
	for _, property := range s.Properties {
		d.reach(property, marked)
	}
	if name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]; name != "" && !marked[name] {
		marked[name] = true
		d.reach(d.doc.Components.Schemas.SchemaFromRef(s.Ref), marked)
	}
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", api.MediaJSON)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(s.document)
}

// parseDocument reads the document as a page needs it.
func parseDocument(b []byte) (d document, err error) {
	err = json.Unmarshal(b, &d)
	return d, err
}
