// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/keywright/keywright/authority"
)

// lists reads first pages of lists of a large and of a small store in turns.
func lists() error {
	ctx := context.Background()
	n := 1_000_000
	if len(os.Args) > 2 {
		var err error
		if n, err = strconv.Atoi(os.Args[2]); err != nil {
			return err
		}
	}
	many, closeMany, err := filledStore(ctx, n)
	if err != nil {
		return err
	}
	defer closeMany()
	few, closeFew, err := filledStore(ctx, fewRecords)
	if err != nil {
		return err
	}
	defer closeFew()
	operator := authority.Operator("bench", authority.Origin{})
	for _, s := range []*filled{many, few} {
		if err := endSome(ctx, operator, s); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		what string
		q    authority.ListRequest
	}{
		{"newest", authority.ListRequest{}},
		{"oldest", authority.ListRequest{Sort: authority.Oldest}},
		{"by end", authority.ListRequest{Sort: authority.Ending}},
		{"of an owner", authority.ListRequest{Owner: "team_7"}},
		{"of an owner, by end", authority.ListRequest{Owner: "team_7", Sort: authority.Ending}},
		{"active", authority.ListRequest{State: authority.StateActive}},
		{"revoked, 10 of all", authority.ListRequest{State: authority.StateRevoked}},
		{"disabled, none", authority.ListRequest{State: authority.StateDisabled}},
		{"expired, none", authority.ListRequest{State: authority.StateExpired}},
		{"by a text that most have", authority.ListRequest{Text: "bench"}},
		{"by a text that none has", authority.ListRequest{Text: "nowhere"}},
	} {
		var x, y, ratio spread
		for range 20 {
			var took [2]float64
			for i, s := range []*filled{many, few} {
				if took[i], err = timed(func() error { _, _, err := s.authority.List(ctx, operator, c.q); return err }); err != nil {
					return err
				}
			}
			x, y, ratio = append(x, took[0]), append(y, took[1]), append(ratio, took[0]/took[1])
		}
		fmt.Printf("first page, %s: %.2f ms of %d, %.2f ms of %d: %.2f times as long\n", c.what, x.median(), n, y.median(), fewRecords, ratio.median())
	}
	return nil
}

// endSome revokes ten keys of a store, and gives ten an end.
func endSome(ctx context.Context, operator authority.Caller, s *filled) error {
	end := time.Now().Add(time.Hour)
	for i := range 10 {
		if _, err := s.authority.Revoke(ctx, operator, s.ids[i*len(s.ids)/10], "bench"); err != nil {
			return err
		}
		if _, err := s.authority.Update(ctx, operator, s.ids[i*len(s.ids)/10+1], authority.Update{ExpiresAt: &end}); err != nil {
			return err
		}
	}
	return nil
}
