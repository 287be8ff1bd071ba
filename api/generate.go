// SPDX-License-Identifier: Apache-2.0

package api

// A GenerateRequest asks for a key that nobody stores.
type GenerateRequest struct {
	Prefix string `json:"prefix" doc:"The label at the front." example:"sk_live"`
	Length int    `json:"length,omitempty" minimum:"16" maximum:"64" default:"32" doc:"Characters of the secret."`
}

// A GenerateResponse holds the key, or why there is none.
type GenerateResponse struct {
	Success bool           `json:"success"`
	Data    *Generated     `json:"data,omitempty"`
	Error   *GenerateError `json:"error,omitempty"`
}

// Generated is a key and its parts.
type Generated struct {
	Key     Key    `json:"key" doc:"Prefix, _ and entropy." example:"sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDaAzM9n"`
	Prefix  string `json:"prefix" example:"sk_live"`
	Entropy Key    `json:"entropy" doc:"The secret. Store SHA-256 of this." example:"xK7mNpQ2rT8vWbYhGjF3sLcEuDaAzM9n"`
}

// A GenerateError says why there is no key.
type GenerateError struct {
	Code    string `json:"code" enum:"INVALID_INPUT,INTERNAL_ERROR,RATE_LIMITED"`
	Message string `json:"message"`
}

// The codes of a GenerateError.
const (
	GenerateInvalidInput  = "INVALID_INPUT"
	GenerateInternalError = "INTERNAL_ERROR"
	GenerateRateLimited   = "RATE_LIMITED"
)
