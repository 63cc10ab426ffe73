//go:build ignore

// A tour: two users and a moderator of an application work on article 42.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

var (
	ann   = User{Login: "Ann", Name: "Ann Ames"}
	bert  = User{Login: "bert", Name: "Bert Brandt"}
	carla = User{Login: "carla", Name: "Carla Chief"}

	ctx  = context.Background()
	conn *pgx.Conn
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func openAndTell(user User) (int64, error) {
	token, title, err := Open(ctx, conn, user, 42)
	if err == nil {
		fmt.Printf("%s opens article 42: %s\n", user.Name, title)
	}
	return token, err
}

func mustOpen(user User) int64 {
	token, err := openAndTell(user)
	check(err)
	return token
}

func saveAndTell(user User, token int64, title string) error {
	err := Save(ctx, conn, user, 42, token, title)
	if err == nil {
		fmt.Printf("%s saves: %s\n", user.Name, title)
	}
	return err
}

func main() {
	var err error
	conn, err = Connect(ctx)
	check(err)
	defer conn.Close(ctx)

	token := mustOpen(ann)
	var locked *RowLockedError
	if _, err := openAndTell(bert); errors.As(err, &locked) {
		fmt.Printf("%s is refused: %v\n", bert.Name, locked)
	}
	err = Transaction(ctx, conn, bert, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE article SET title = 'Mine' WHERE id = 42")
		return err
	})
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) && refusal.Code == "55P03" {
		fmt.Printf("A write that does not ask is refused: %s\n", refusal.Message)
	}
	seconds, err := Renew(ctx, conn, ann, token, "Ebb and")
	check(err)
	fmt.Printf("%s renews, for another %.0f seconds\n", ann.Name, math.Ceil(seconds))
	check(saveAndTell(User{Login: "ann", Name: "Ann Ames"}, token, "Ebb and flow"))

	lost := mustOpen(bert)
	check(EndLock(ctx, conn, carla, 42, "deadline"))
	fmt.Printf("%s ends the lock of %s\n", carla.Name, bert.Name)
	check(saveAndTell(ann, mustOpen(ann), "Spring tide"))
	var lockLost *LockLostError
	if err := saveAndTell(bert, lost, "Tides"); errors.As(err, &lockLost) {
		fmt.Printf("The save of %s is refused: %v\n", bert.Name, lockLost)
	}
	check(saveAndTell(bert, mustOpen(bert), "Tides"))
}
