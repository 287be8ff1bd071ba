// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// Each function here reads a row of the statement that lists its kind.

func decodeKeyspace(rows pgx.Rows) (k authority.Keyspace, err error) {
	var formats, environments, policy string
	var created, updated int64
	if err := rows.Scan(&k.Name, &k.Version, &formats, &environments, &policy, &created, &updated); err != nil {
		return k, err
	}
	k.Created, k.Updated = column.FromMillis(created), column.FromMillis(updated)
	err = errors.Join(column.Decode(formats, &k.Formats), column.Decode(environments, &k.Environments), column.Decode(policy, &k.Policy))
	if err != nil {
		err = fmt.Errorf("keyspace %s: %w", k.Name, err)
	}
	return k, err
}

func decodeAnswer(rows pgx.Rows) (a authority.Answer, err error) {
	var id, request []byte
	var record pgtype.UUID
	var created, expires int64
	err = rows.Scan(&id, &request, &record, &created, &expires)
	copy(a.ID[:], id)
	copy(a.Request[:], request)
	a.Record, a.Created, a.Expires = record.Bytes, column.FromMillis(created), column.FromMillis(expires)
	return a, err
}

func decodeOwner(rows pgx.Rows) (o authority.Owner, err error) {
	var limits, credits string
	var created, updated int64
	if err := rows.Scan(&o.Keyspace, &o.ID, &o.Version, &limits, &credits, &created, &updated); err != nil {
		return o, err
	}
	o.Created, o.Updated = column.FromMillis(created), column.FromMillis(updated)
	if err := errors.Join(column.Decode(limits, &o.Limits), column.Decode(credits, &o.Credits)); err != nil {
		return o, fmt.Errorf("an owner in keyspace %s: %w", o.Keyspace, err)
	}
	return o, nil
}

func decodeItem(rows pgx.Rows) (i authority.Item, err error) {
	var created int64
	err = rows.Scan(&i.Kind, &i.Name, &i.Version, &i.Data, &created)
	i.Data, i.Created = column.FromBytes(i.Data), column.FromMillis(created)
	return i, err
}

func decodeCheckpoint(rows pgx.Rows) (c authority.Checkpoint, err error) {
	var hash []byte
	var ms int64
	err = rows.Scan(&c.Sequence, &hash, &ms, &c.Signer, &c.Signature, &c.Pruned)
	copy(c.Hash[:], hash)
	c.Time, c.Signer, c.Signature = column.FromMillis(ms), column.FromBytes(c.Signer), column.FromBytes(c.Signature)
	return c, err
}

func decodeBalance(rows pgx.Rows) (b authority.Balance, err error) {
	var account pgtype.UUID
	var refilled, next int64
	err = rows.Scan(&account, &b.Keyspace, &b.Owner, &b.Remaining, &refilled, &next)
	b.Account, b.Refilled, b.Next = account.Bytes, column.FromMillis(refilled), column.FromMillis(next)
	return b, err
}

func decodeEntry(rows pgx.Rows) (e authority.Entry, err error) {
	var account, key pgtype.UUID
	var ms int64
	var kind string
	err = rows.Scan(&e.Sequence, &account, &ms, &kind, &key, &e.Amount, &e.Count, &e.Remaining)
	e.Account, e.Key, e.Time, e.Kind = account.Bytes, key.Bytes, column.FromMillis(ms), authority.MoveKind(kind)
	return e, err
}

func decodeUsage(rows pgx.Rows) (u authority.Usage, err error) {
	var key pgtype.UUID
	var hour int64
	var code string
	err = rows.Scan(&u.Keyspace, &key, &hour, &code, &u.Count, &u.Cost)
	u.Key, u.Hour, u.Code = key.Bytes, column.FromMillis(hour), keywright.Code(code)
	return u, err
}

func decodeUse(rows pgx.Rows) (u authority.Use, err error) {
	var key pgtype.UUID
	var hash []byte
	var ms int64
	var source string
	if err := rows.Scan(&key, &hash, &ms, &source); err != nil {
		return u, err
	}
	u.Key, u.Time = key.Bytes, column.FromMillis(ms)
	copy(u.Hash[:], hash)
	u.From, err = column.ParseAddr(source)
	return u, err
}

func decodeMeter(rows pgx.Rows) (m authority.Meter, err error) {
	var id []byte
	var full int64
	err = rows.Scan(&id, &full)
	copy(m.ID[:], id)
	m.Full = column.FromNanos(full)
	return m, err
}

func decodeEvent(rows pgx.Rows) (e authority.Event, err error) {
	var ms int64
	var changes, personal string
	var previous, hash []byte
	err = rows.Scan(&e.Sequence, &ms, &e.Actor, &e.Verb, &e.Target, &e.Keyspace, &e.Request, &changes, &personal,
		&previous, &hash)
	if err != nil {
		return e, err
	}
	e.Time = time.UnixMilli(ms).UTC()
	copy(e.Previous[:], previous)
	copy(e.Hash[:], hash)
	if err := column.Decode(changes, &e.Changes); err != nil {
		return e, fmt.Errorf("event %d: changes: %w", e.Sequence, err)
	}
	if err := column.Decode(personal, &e.Personal); err != nil {
		return e, fmt.Errorf("event %d: personal: %w", e.Sequence, err)
	}
	return e, nil
}
