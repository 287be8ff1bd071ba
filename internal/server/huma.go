// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/keywright/keywright/api"
)

const title = "Keywright"

// newAPI returns huma without what does not belong here: pages with remote scripts, links in documents, and errors that
// repeat what was sent.
func newAPI(m humago.Mux) huma.API {
	replaceErrors()
	config := huma.DefaultConfig(title, "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return newEncoder(w).Encode(v) },
		Unmarshal: unmarshal,
	}
	config.Formats = map[string]huma.Format{api.MediaJSON: format, "json": format} // json: what ends in +json
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[problem](), reflect.TypeFor[api.Problem]())
	describe(config.OpenAPI)
	return humago.New(m, config)
}

// replaceErrors makes huma, whose hooks are global, use our problem documents.
var replaceErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return fromHuma(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := fromHuma(status, message, errs)
		if ctx != nil {
			p.RequestID = callOf(ctx.Context()).id
		}
		return p
	}
})

// fromHuma turns what huma has to say into a problem. Its details may repeat the request, so of them only the name of a
// known parameter is kept.
func fromHuma(status int, message string, errs []error) *problem {
	for _, err := range errs {
		var own *problem
		var tooLarge *http.MaxBytesError
		var detail *huma.ErrorDetail
		switch {
		case errors.As(err, &own):
			return own
		case errors.As(err, &tooLarge):
			return &problem{*errTooLarge()}
		case errors.As(err, &detail) && strings.HasPrefix(detail.Location, "query."):
			return &problem{*badParameter(detail)}
		}
	}
	switch {
	case status == http.StatusRequestTimeout:
		return &problem{*api.NewProblem(api.TooSlow, "", "the body did not arrive in time", "send it again")}
	case message == "request body is required":
		return &problem{*invalid("", "the body is missing", "send a JSON object")}
	case message == "cannot read request body":
		return &problem{*invalid("", "the body did not arrive whole", "send it again")}
	case status == http.StatusInternalServerError:
		return &problem{*errInternal()}
	}
	return &problem{*invalid("", "the request is not as it should be", "GET "+api.PathDocs+" shows how")}
}

func badParameter(detail *huma.ErrorDetail) *api.Problem {
	if detail.Message == "unknown query parameter" {
		return invalid("", "the query holds a parameter that is not known", "GET "+api.PathDocs+" shows those that are")
	}
	return invalid(strings.TrimPrefix(detail.Location, "query."), "is not possible: "+detail.Message, "GET "+api.PathDocs+" shows what is")
}

// body is a request body, read by the strict decoder.
type body[T any] struct {
	value T
	wrong *api.Problem
}

func unmarshal(data []byte, v any) error {
	if p := reflect.ValueOf(v).Elem(); p.Kind() == reflect.Pointer { // a body that may be left out
		p.Set(reflect.New(p.Type().Elem()))
		v = p.Interface()
	}
	if b, ok := v.(interface{ read([]byte) }); ok {
		b.read(data)
		return nil
	}
	return errors.New("only bodies of this package are read")
}

func (b *body[T]) read(data []byte) { b.wrong = decode(data, &b.value) }

// Schema is that of what the body holds.
func (*body[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// Resolve reports what the decoder found.
func (b *body[T]) Resolve(huma.Context) []error {
	if b.wrong == nil {
		return nil
	}
	return []error{&problem{*b.wrong}}
}

// reply is a response with a body.
type reply[T any] struct {
	Status int
	Body   T
}

// register serves an operation by a handler.
func register[I, O any](s *Server, o huma.Operation, handler func(context.Context, *call, *I) (O, int, error)) {
	o.SkipValidateBody = true
	o.MaxBodyBytes = -1 // the table's limit holds
	o.BodyReadTimeout = s.options.ReadTimeout
	secureOperation(&o, table[o.Method+" "+o.Path])
	huma.Register(s.api, o, func(ctx context.Context, in *I) (*reply[O], error) {
		c := callOf(ctx)
		out, status, err := handler(ctx, c, in)
		if err != nil {
			return nil, &problem{*s.problemOf(c, err)}
		}
		return &reply[O]{Status: status, Body: out}, nil
	})
}
