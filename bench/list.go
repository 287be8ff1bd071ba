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
	many, closeMany, err := filledStore(ctx, n, manyOwners(n))
	if err != nil {
		return err
	}
	defer closeMany()
	few, closeFew, err := filledStore(ctx, fewRecords, manyOwners(fewRecords))
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
		{"of an owner of a tenth of all", authority.ListRequest{Owner: "large"}},
		{"of an owner of a tenth of all, by end", authority.ListRequest{Owner: "large", Sort: authority.Ending}},
		{"of an owner of a tenth of all, active", authority.ListRequest{Owner: "large", State: authority.StateActive}},
		{"that end within a week", authority.ListRequest{ExpiresBefore: time.Now().Add(7 * 24 * time.Hour)}},
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

// manyOwners gives each tenth of n records to one owner, and about a hundred of the others to each of many. A third of the
// records end within a month.
func manyOwners(n int) func(int, *authority.Record) {
	return func(i int, r *authority.Record) {
		r.Owner = fmt.Sprint("team_", i%max(1, n/100))
		if i%10 == 3 {
			r.Owner = "large"
		}
		if i%3 == 0 {
			r.Expires = r.Created.Add(time.Hour + time.Duration(i*7919%43_200)*time.Minute)
		}
	}
}

// endSome revokes ten keys of a store.
func endSome(ctx context.Context, operator authority.Caller, s *filled) error {
	for i := range 10 {
		if _, err := s.authority.Revoke(ctx, operator, s.ids[i*len(s.ids)/10], "bench"); err != nil {
			return err
		}
	}
	return nil
}
