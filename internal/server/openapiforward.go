// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/gateway"
)

const authText = "Answers 204 where the request may pass, with whom its key belongs to in headers; else 401, 403, 429 or 503. " +
	"Any method will do: it stands here under one. The key is that of the original request, in Authorization: Bearer, X-API-Key, or the header that is named. "

// forward documents what proxies ask.
func (d documenter) forward() {
	text := &huma.Schema{Type: huma.TypeString}
	d.add(huma.Operation{
		OperationID: "forward-auth", Method: http.MethodGet, Path: api.PathAuth, Tags: []string{verifyTag}, Summary: "Judge a request for a proxy",
		Description: authText + "Method and path of the original request are read from X-Original-Method and X-Original-URI, or X-Forwarded-Method and " +
			"X-Forwarded-Uri; its address from X-Forwarded-For or X-Real-IP.",
		Parameters: append([]*huma.Param{keyspaceParam(text)}, forwardOptions(text)...),
	}, http.StatusNoContent, nil, nil)
	d.add(huma.Operation{
		OperationID: "forward-auth-below", Method: http.MethodGet, Path: "/v1/auth/{keyspace}/{path}", Tags: []string{verifyTag}, Summary: "Judge a request whose path is appended",
		Description: authText + "For proxies that send the original method, and append the original path and query to their own path, such as Envoy. " +
			"The parameters of the other route stand in the header " + headerOptions + ", written as a query: environment=live&scopes=invoices:read.",
		Parameters: []*huma.Param{
			keyspaceParam(text),
			{Name: "path", In: "path", Required: true, Schema: text, Description: "The path of the original request, as it came.", Example: "v1/invoices"},
			{Name: headerOptions, In: "header", Schema: text, Example: "environment=live"},
		},
	}, http.StatusNoContent, nil, nil)
	for _, path := range []string{api.PathAuth, "/v1/auth/{keyspace}/{path}"} {
		headers := map[string]*huma.Param{}
		for name, tells := range map[string]string{
			gateway.HeaderKeyID: "The id of the key.", gateway.HeaderOwner: "Its owner, percent-encoded where it is not plain ASCII.",
			gateway.HeaderScopes: "What it may do, with spaces between.", gateway.HeaderEnvironment: "Its environment.",
		} {
			headers[name] = &huma.Param{Description: tells + " Empty where there is nothing, and on every refusal.", Schema: text}
		}
		d.doc.Paths[path].Get.Responses["204"].Headers = headers
	}
}

func keyspaceParam(text *huma.Schema) *huma.Param {
	return &huma.Param{Name: "keyspace", In: "path", Required: true, Schema: text, Description: "The name of a keyspace.", Example: "acme"}
}

func forwardOptions(text *huma.Schema) []*huma.Param {
	return []*huma.Param{
		{Name: "environment", In: "query", Schema: text, Description: "That the proxy serves; keys of others are refused. Should be given.", Example: "live"},
		{Name: "header", In: "query", Schema: text, Description: "The header that carries the key, if it is another one.", Example: "X-Acme-Key"},
		{Name: "scopes", In: "query", Schema: text, Description: "With spaces between, or repeated: all are needed.", Example: "invoices:read"},
		{Name: "cost", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"}, Description: "Of every request; 1 where it is left out."},
		{Name: "limited", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"403", "429"}}, Description: "The status of a request beyond a limit or credits; 403 is for nginx, which knows no other, and comes with X-Keywright-Status: 429."},
	}
}
