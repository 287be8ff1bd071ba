// SPDX-License-Identifier: Apache-2.0

package grpcauth

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/httpauth"
)

const (
	soon  = time.Second // when to come again after a call that could not be judged
	later = time.Minute // and without credits: a verdict does not tell when they are refilled
)

// Statuses that are alike for all calls.
var (
	errNoKey       = status.Error(codes.Unauthenticated, "a key is needed")
	errAmbiguous   = status.Error(codes.Unauthenticated, "the call carries more than one key")
	errInvalid     = status.Error(codes.Unauthenticated, "the key is not valid")
	errForbidden   = status.Error(codes.PermissionDenied, "the key may not be used for this call")
	errUnlisted    = status.Error(codes.PermissionDenied, "this method is not open to keys")
	errUnavailable = again(codes.Unavailable, "the key could not be judged", soon)
	errExhausted   = again(codes.ResourceExhausted, "the credits of the key are used up", later)
)

// unread is the status of a call of which no key was read.
func unread(err error) error {
	if errors.Is(err, httpauth.ErrNoKey) {
		return errNoKey
	}
	return errAmbiguous
}

// statusOf is the status of a call whose key is not valid. A code that this package does not know is no judgement.
func statusOf(v *keywright.Verdict, scopes []string) error {
	switch {
	case v.Code.Uniform():
		return errInvalid
	case v.Code == keywright.Forbidden:
		return errForbidden
	case v.Code == keywright.InsufficientScope:
		if len(scopes) == 0 {
			return status.Error(codes.PermissionDenied, "the key lacks a scope")
		}
		return status.Error(codes.PermissionDenied, "this needs a key with "+strings.Join(scopes, " "))
	case v.Code == keywright.RateLimited && v.Limit.RetryAfter < 0:
		return status.Error(codes.ResourceExhausted, "this is more than a limit of the key ever allows: ask for less at once")
	case v.Code == keywright.RateLimited:
		return again(codes.ResourceExhausted, "a limit of the key is reached", v.Limit.RetryAfter)
	case v.Code == keywright.CreditsExhausted:
		return errExhausted
	}
	return errUnavailable
}

// again is a status that tells when to come again.
func again(code codes.Code, message string, after time.Duration) error {
	s := status.New(code, message)
	if told, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)}); err == nil {
		s = told
	}
	return s.Err()
}
