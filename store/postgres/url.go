// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrURL says that the URL of the database cannot be read. It holds nothing of the URL: half of a password that was
// not escaped can stand anywhere in it.
var ErrURL = errors.New("the database URL cannot be read: write postgres://user:password@host:5432/database, and in the password %40 for @, %2F for /, %3A for :, %3F for ?, %23 for # and %25 for %")

const (
	connectTimeout = 10 * time.Second
	// A server notices after these many seconds that a node is gone without a word, and lets go of its locks.
	keepAliveIdle, keepAliveInterval, keepAliveCount = 15, 5, 3
)

// parseURL reads the URL and sets what every connection needs. What the URL sets itself stays.
func parseURL(text, schema string) (*pgxpool.Config, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	// An @ that does not end the user's part is one in a password, or a password in which a / or a ? came before.
	user, _, _ := strings.Cut(rest, "@")
	if !ok || scheme != "postgres" && scheme != "postgresql" || strings.Count(text, "@") > 1 ||
		strings.Contains(rest, "@") && strings.ContainsAny(user, "/?#") {
		return nil, ErrURL
	}
	if _, err := url.Parse(text); err != nil { // the driver's own reading is looser
		return nil, ErrURL
	}
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, ErrURL
	}
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	c.DialFunc = (&net.Dialer{Timeout: c.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: keepAliveIdle * time.Second, Interval: keepAliveInterval * time.Second, Count: keepAliveCount,
	}}).DialContext
	for name, value := range map[string]string{
		"application_name":                    "keywright",
		"tcp_keepalives_idle":                 strconv.Itoa(keepAliveIdle),
		"tcp_keepalives_interval":             strconv.Itoa(keepAliveInterval),
		"tcp_keepalives_count":                strconv.Itoa(keepAliveCount),
		"idle_in_transaction_session_timeout": "60s", // a node that stands still must not hold up the others for ever
	} {
		if c.RuntimeParams[name] == "" {
			c.RuntimeParams[name] = value
		}
	}
	c.RuntimeParams["search_path"] = pgx.Identifier{schema}.Sanitize()
	c.RuntimeParams["client_encoding"] = "UTF8"
	config.AfterConnect = durable
	return config, nil
}

// durable makes sure that a commit waits for the disk, where the settings of server or role say that it need not.
// Stronger settings stay as they are.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
	return err
}

// whereOf names a database in errors: never its password.
func whereOf(c *pgx.ConnConfig) string {
	host := c.Host
	if !strings.HasPrefix(host, "/") { // the folder of a socket
		host = net.JoinHostPort(host, strconv.Itoa(int(c.Port)))
	}
	return fmt.Sprintf("database %s at %s", c.Database, host)
}
