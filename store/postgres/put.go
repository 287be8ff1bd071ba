// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"slices"

	"github.com/keywright/keywright/authority"
)

// insertOrUpdate writes a put of version 1 as a new row and any other over the version before.
func (t *transaction) insertOrUpdate(insert, update string, version uint64, args []any) error {
	if err := checkVersion(version); err != nil {
		return err
	}
	if version == 1 {
		t.queue(insert, args...)
	} else {
		t.must("version", update, args...)
	}
	return nil
}

func (t *transaction) putKeyspace(k *authority.Keyspace) error {
	row, err := keyspaceRow(k)
	if err != nil {
		return err
	}
	return t.insertOrUpdate(insertKeyspaceSQL, updateKeyspaceSQL, k.Version, row)
}

var keyspaceColumns = []string{"name", "version", "formats", "environments", "policy", "created", "updated"}

// keyspaceRow are the values of keyspaceColumns.
func keyspaceRow(k *authority.Keyspace) ([]any, error) {
	if err := checkText("name", k.Name); err != nil {
		return nil, fmt.Errorf("keyspace: %w", err)
	}
	formats, err := encodeJSON(k.Formats)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: formats: %w", k.Name, err)
	}
	environments, err := encodeList("environments", k.Environments)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: %w", k.Name, err)
	}
	policy, err := encodeJSON(k.Policy)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: policy: %w", k.Name, err)
	}
	return []any{k.Name, int64(k.Version), formats, environments, policy, millis(k.Created), millis(k.Updated)}, nil
}

func (t *transaction) putOwner(o *authority.Owner) error {
	row, err := ownerRow(o)
	if err != nil {
		return err
	}
	return t.insertOrUpdate(insertOwnerSQL, updateOwnerSQL, o.Version, row)
}

var ownerColumns = []string{"keyspace", "id", "version", "limits", "credits", "created", "updated"}

// ownerRow are the values of ownerColumns.
func ownerRow(o *authority.Owner) ([]any, error) {
	if err := checkTexts("keyspace", o.Keyspace, "id", o.ID); err != nil {
		return nil, fmt.Errorf("owner: %w", err)
	}
	limits, err := encodeLimits(o.Limits)
	if err != nil {
		return nil, fmt.Errorf("owner: %w", err)
	}
	credits := ""
	if o.Credits != nil {
		if credits, err = encodeJSON(o.Credits); err != nil {
			return nil, fmt.Errorf("owner: credits: %w", err)
		}
	}
	return []any{o.Keyspace, o.ID, int64(o.Version), limits, credits, millis(o.Created), millis(o.Updated)}, nil
}

func (t *transaction) putItem(i *authority.Item) error {
	row, err := itemRow(i)
	if err != nil {
		return err
	}
	return t.insertOrUpdate(insertItemSQL, updateItemSQL, i.Version, row)
}

var itemColumns = []string{"kind", "name", "version", "data", "created"}

// itemRow are the values of itemColumns.
func itemRow(i *authority.Item) ([]any, error) {
	if err := checkTexts("kind", i.Kind, "name", i.Name); err != nil {
		return nil, fmt.Errorf("item: %w", err)
	}
	return []any{i.Kind, i.Name, int64(i.Version), bytesOf(i.Data), millis(i.Created)}, nil
}

// bytesOf is never NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// remove deletes what is there at its version.
func (t *transaction) remove(r *authority.Removal) error {
	if o := r.Owner; o != nil {
		if err := checkTexts("keyspace", o.Keyspace, "id", o.ID); err != nil {
			return fmt.Errorf("owner: %w", err)
		}
		t.must("version", deleteOwnerSQL, o.Keyspace, o.ID, clamp(o.Version))
	}
	if i := r.Item; i != nil {
		if err := checkTexts("kind", i.Kind, "name", i.Name); err != nil {
			return fmt.Errorf("item: %w", err)
		}
		t.must("version", deleteItemSQL, i.Kind, i.Name, clamp(i.Version))
	}
	return nil
}

func (t *transaction) putAnswer(a *authority.Answer) error {
	t.must("answer", putAnswerSQL, answerRow(a)...)
	t.queue(deleteExpiredAnswersSQL, millis(a.Created))
	return nil
}

var answerColumns = []string{"id", "request", "record", "created", "expires"}

// answerRow are the values of answerColumns.
func answerRow(a *authority.Answer) []any {
	return []any{a.ID[:], a.Request[:], uuid(a.Record), millis(a.Created), millis(a.Expires)}
}

func (t *transaction) putCheckpoint(c *authority.Checkpoint) error {
	t.queue(insertCheckpointSQL, checkpointRow(c)...)
	return nil
}

var checkpointColumns = []string{"sequence", "hash", "time", "signer", "signature", "pruned"}

// checkpointRow are the values of checkpointColumns.
func checkpointRow(c *authority.Checkpoint) []any {
	return []any{clamp(c.Sequence), c.Hash[:], millis(c.Time), bytesOf(c.Signer), bytesOf(c.Signature), c.Pruned}
}

func (t *transaction) prune(p *authority.Prune) error {
	t.must("checkpoint", pruneSQL, clamp(p.Sequence))
	return nil
}

// erase empties personal fields. An event that is gone has none.
func (t *transaction) erase(e *authority.Erasure) error {
	text, ok := t.personal[e.Sequence]
	if !ok {
		return nil
	}
	var fields []authority.Personal
	if err := decodeJSON(text, &fields); err != nil {
		return fmt.Errorf("event %d: personal: %w", e.Sequence, err)
	}
	for i := range fields {
		if slices.Contains(e.Fields, fields[i].Name) {
			fields[i].Value, fields[i].Salt = "", nil
		}
	}
	text, err := encodePersonal(fields)
	if err != nil {
		return err
	}
	t.personal[e.Sequence] = text
	t.queue(updatePersonalSQL, int64(e.Sequence), text)
	return nil
}
