// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const usageTag = "Usage"

// registerUsage registers the routes of what was counted.
func (s *Server) registerUsage() {
	register(s, huma.Operation{
		OperationID: "get-usage", Method: http.MethodGet, Path: api.PathUsage, Tags: []string{usageTag}, Summary: "Count the verifications of a key or of a keyspace",
		Description: "By hour and code, and in total. Verifications are counted in memory and written every second, and less often where very many keys are used at once; hours are kept for 400 days.",
	}, s.getUsage)
	register(s, huma.Operation{
		OperationID: "get-stats", Method: http.MethodGet, Path: api.PathStats, Tags: []string{usageTag}, Summary: "Look at the keyspaces at a glance",
		Description: "Keys by state, verifications of the last 24 hours by code, and what is due.",
	}, s.getStats)
}

type usageIn struct {
	Keyspace string    `query:"keyspace" doc:"default, where it is left out and the service key is not bound to another."`
	Key      string    `query:"key" doc:"A key id; all keys of the keyspace, where it is left out."`
	Since    time.Time `query:"since" doc:"Rounded down to the hour; 24 hours ago, where it is left out."`
	Until    time.Time `query:"until" doc:"Now, where it is left out."`
}

func (s *Server) getUsage(ctx context.Context, c *call, in *usageIn) (api.UsageReport, int, error) {
	q := authority.UsageRequest{Keyspace: in.Keyspace, Since: in.Since, Until: in.Until}
	if in.Key != "" {
		id, err := keywright.ParseKeyID(in.Key)
		if err != nil {
			return api.UsageReport{}, 0, invalid("key", "is not a key id", "key ids are key_ and 22 letters or digits; a key itself has no place in an address")
		}
		q.Key = id
	}
	usage, q, err := s.authority.UsageOf(ctx, c.caller, q)
	out := api.UsageReport{
		Keyspace: q.Keyspace, KeyID: q.Key, Since: q.Since, Until: q.Until, Hours: []api.UsageHour{}, Totals: map[keywright.Code]int64{},
	}
	for _, u := range usage {
		out.Hours = append(out.Hours, api.UsageHour{Hour: u.Hour, Code: u.Code, Count: u.Count, Cost: u.Cost})
		out.Totals[u.Code] += u.Count
		out.Cost += u.Cost
	}
	return out, http.StatusOK, err
}

type statsIn struct {
	Keyspace string `query:"keyspace" doc:"All that the caller may see, where it is left out."`
}

func (s *Server) getStats(ctx context.Context, c *call, in *statsIn) (api.Stats, int, error) {
	surveys, err := s.authority.Survey(ctx, c.caller, in.Keyspace)
	table := s.authority.Stats()
	out := api.Stats{
		Keyspaces: []api.KeyspaceStats{},
		Table:     api.TableStats{Secrets: table.Secrets, Bytes: table.Bytes, Complete: table.Complete, Lookups: table.Lookups},
	}
	for _, v := range surveys {
		k := api.KeyspaceStats{Keyspace: v.Keyspace, Verifications: v.Verifications, RotationDue: v.Due.Rotation, ExpiresSoon: v.Due.Expiry}
		if v.Keys != nil {
			k.Keys = map[string]int{}
		}
		for state, n := range v.Keys {
			k.Keys[string(state)] = n
		}
		out.Keyspaces = append(out.Keyspaces, k)
	}
	return out, http.StatusOK, err
}
