// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
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
	if err := column.CheckText("name", k.Name); err != nil {
		return nil, fmt.Errorf("keyspace: %w", err)
	}
	formats, err := column.JSON(k.Formats)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: formats: %w", k.Name, err)
	}
	environments, err := column.List("environments", k.Environments)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: %w", k.Name, err)
	}
	policy, err := column.JSON(k.Policy)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: policy: %w", k.Name, err)
	}
	return []any{k.Name, int64(k.Version), formats, environments, policy, column.Millis(k.Created), column.Millis(k.Updated)}, nil
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
	if err := column.CheckTexts("keyspace", o.Keyspace, "id", o.ID); err != nil {
		return nil, fmt.Errorf("owner: %w", err)
	}
	limits, err := column.Limits(o.Limits)
	if err != nil {
		return nil, fmt.Errorf("owner: %w", err)
	}
	credits := ""
	if o.Credits != nil {
		if credits, err = column.JSON(o.Credits); err != nil {
			return nil, fmt.Errorf("owner: credits: %w", err)
		}
	}
	return []any{o.Keyspace, o.ID, int64(o.Version), limits, credits, column.Millis(o.Created), column.Millis(o.Updated)}, nil
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
	if err := column.CheckTexts("kind", i.Kind, "name", i.Name); err != nil {
		return nil, fmt.Errorf("item: %w", err)
	}
	return []any{i.Kind, i.Name, int64(i.Version), column.Bytes(i.Data), column.Millis(i.Created)}, nil
}

// remove deletes what is there at its version.
func (t *transaction) remove(r *authority.Removal) error {
	if o := r.Owner; o != nil {
		if err := column.CheckTexts("keyspace", o.Keyspace, "id", o.ID); err != nil {
			return fmt.Errorf("owner: %w", err)
		}
		t.must("version", deleteOwnerSQL, o.Keyspace, o.ID, column.Clamp(o.Version))
	}
	if i := r.Item; i != nil {
		if err := column.CheckTexts("kind", i.Kind, "name", i.Name); err != nil {
			return fmt.Errorf("item: %w", err)
		}
		t.must("version", deleteItemSQL, i.Kind, i.Name, column.Clamp(i.Version))
	}
	return nil
}

func (t *transaction) putAnswer(a *authority.Answer) error {
	t.must("answer", putAnswerSQL, answerRow(a)...)
	t.queue(deleteExpiredAnswersSQL, column.Millis(a.Created))
	return nil
}

var answerColumns = []string{"id", "request", "record", "created", "expires"}

// answerRow are the values of answerColumns.
func answerRow(a *authority.Answer) []any {
	return []any{a.ID[:], a.Request[:], uuid(a.Record), column.Millis(a.Created), column.Millis(a.Expires)}
}

func (t *transaction) putCheckpoint(c *authority.Checkpoint) error {
	t.queue(insertCheckpointSQL, checkpointRow(c)...)
	return nil
}

var checkpointColumns = []string{"sequence", "hash", "time", "signer", "signature", "pruned"}

// checkpointRow are the values of checkpointColumns.
func checkpointRow(c *authority.Checkpoint) []any {
	return []any{column.Clamp(c.Sequence), c.Hash[:], column.Millis(c.Time), column.Bytes(c.Signer), column.Bytes(c.Signature), c.Pruned}
}

func (t *transaction) prune(p *authority.Prune) error {
	t.must("checkpoint", pruneSQL, column.Clamp(p.Sequence))
	return nil
}

// erase empties personal fields. An event that is gone has none.
func (t *transaction) erase(e *authority.Erasure) error {
	text, ok := t.personal[e.Sequence]
	if !ok {
		return nil
	}
	text, err := column.Erase(text, e.Fields)
	if err != nil {
		return fmt.Errorf("event %d: personal: %w", e.Sequence, err)
	}
	t.personal[e.Sequence] = text
	t.queue(updatePersonalSQL, int64(e.Sequence), text)
	return nil
}
