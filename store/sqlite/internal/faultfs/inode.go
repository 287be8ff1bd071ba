// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"bytes"
	"slices"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// An inode is a file, whatever its name. The synced image is never written to, only replaced, so that it can be shared
// with a wreck.
type inode struct {
	content []byte // as it is seen
	synced  []byte // as it was last written out
	pending []piece

	handles []*handle
	shared  *sharedMemory
}

// A piece is a part of a write within one sector, or a truncation: data is nil, and size is what the file has after.
type piece struct {
	offset int
	data   []byte
	size   int
}

// write puts bytes into the file, not yet on the disk.
func (i *inode) write(data []byte, offset int) {
	data = bytes.Clone(data)
	i.content = put(i.content, data, offset)
	for len(data) > 0 {
		n := min(len(data), sector-offset%sector)
		i.pending = append(i.pending, piece{offset: offset, data: data[:n]})
		data, offset = data[n:], offset+n
	}
}

// truncate sets the size, not yet on the disk.
func (i *inode) truncate(size int) {
	i.content = resize(i.content, size)
	i.pending = append(i.pending, piece{size: size})
}

// sync writes out what is pending. That is not all that is seen, if an earlier sync failed and was forgotten.
func (i *inode) sync() {
	synced := bytes.Clone(i.synced)
	for _, p := range i.pending {
		synced = p.apply(synced)
	}
	i.synced, i.pending = synced, nil
}

// forget loses what a sync should have written.
func (i *inode) forget(now bool) {
	i.pending = nil
	if now {
		i.content = bytes.Clone(i.synced)
	}
}

func (p piece) apply(content []byte) []byte {
	if p.data == nil {
		return resize(content, p.size)
	}
	return put(content, p.data, p.offset)
}

func put(content, data []byte, offset int) []byte {
	if end := offset + len(data); end > len(content) {
		content = resize(content, end)
	}
	copy(content[offset:], data)
	return content
}

// resize shortens, or fills up with zeros.
func resize(content []byte, size int) []byte {
	if size <= len(content) {
		return content[:size]
	}
	old := len(content)
	content = slices.Grow(content, size-old)[:size]
	clear(content[old:])
	return content
}
