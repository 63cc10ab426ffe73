// Locks of articles, for an application whose users share one role.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

// User is the owner of locks: Login identifies it, Name is shown to others.
type User struct {
	Login, Name string
}

// RowLockedError says that another user has the row.
type RowLockedError struct {
	Who     string
	Seconds float64
}

func (e *RowLockedError) Error() string {
	return fmt.Sprintf("locked by %s for another %.0f seconds", e.Who, math.Ceil(e.Seconds))
}

// LockLostError says that the lock has ended, and the row may have been
// written since.
type LockLostError struct {
	cause *pgconn.PgError
}

func (e *LockLostError) Error() string { return e.cause.Detail }
func (e *LockLostError) Unwrap() error { return e.cause }

// Connect connects to the pooler, which the environment locates (PGHOST ...).
func Connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("")
	if err != nil {
		return nil, err
	}
	// A pooler in transaction mode does not keep prepared statements.
	config.PreferSimpleProtocol = true
	return pgx.ConnectConfig(ctx, config)
}

// Transaction runs work in a transaction that has the user as the owner
// of locks.
func Transaction(ctx context.Context, conn *pgx.Conn, user User, work func(pgx.Tx) error) error {
	err := conn.BeginFunc(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT locking.set_owner(lower($1), $2)", user.Login, user.Name); err != nil {
			return err
		}
		return work(tx)
	})
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) && refusal.Code == "LK001" {
		return &LockLostError{refusal}
	}
	return err
}

// Open locks an article and reads it, or returns a RowLockedError.
func Open(ctx context.Context, conn *pgx.Conn, user User, id int) (token int64, title string, err error) {
	err = Transaction(ctx, conn, user, func(tx pgx.Tx) error {
		var granted bool
		var refusal RowLockedError
		err := tx.QueryRow(ctx, "SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', $1::int)", id).
			Scan(&granted, &token, &refusal.Who, &refusal.Seconds)
		if err != nil {
			return err
		}
		if !granted {
			return &refusal
		}
		// a later statement, which sees what the last holder saved
		return tx.QueryRow(ctx, "SELECT title FROM article WHERE id = $1", id).Scan(&title)
	})
	return token, title, err
}

// Renew extends a lock, keeps unsaved text, and returns the seconds left.
func Renew(ctx context.Context, conn *pgx.Conn, user User, token int64, draft string) (seconds float64, err error) {
	err = Transaction(ctx, conn, user, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT extract(epoch FROM locking.renew($1, draft => jsonb_build_object('title', $2::text))"+
			" - clock_timestamp())::float8", token, draft).Scan(&seconds)
	})
	return seconds, err
}

// Save saves an article and ends its lock, or returns a LockLostError.
func Save(ctx context.Context, conn *pgx.Conn, user User, id int, token int64, title string) error {
	return Transaction(ctx, conn, user, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT locking.confirm($1)", token); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE article SET title = $1 WHERE id = $2", title, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "SELECT locking.release($1)", token)
		return err
	})
}

// EndLock ends the lock of any user.
func EndLock(ctx context.Context, conn *pgx.Conn, moderator User, id int, reason string) error {
	return Transaction(ctx, conn, moderator, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SELECT locking.break_lock('article', $1::int, $2)", id, reason)
		return err
	})
}
