//go:build ignore

// Prints the type of the error for each SQLSTATE of errors.tsv.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strings"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	file, err := os.Open("../errors.tsv")
	check(err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		state, statement, _ := strings.Cut(lines.Text(), "\t")
		conn, err := Connect(ctx)
		check(err)
		_, err = conn.Exec(ctx, statement)
		fmt.Printf("%s: %T\n", state, err)
		conn.Close(ctx)
	}

	conn, err := Connect(ctx)
	check(err)
	defer conn.Close(ctx)
	tx, err := conn.Begin(ctx)
	check(err)
	defer tx.Rollback(ctx)
	skip, err := os.ReadFile("../skip.sql")
	check(err)
	_, err = tx.Exec(ctx, string(skip))
	check(err)
	tag, err := tx.Exec(ctx, "UPDATE article SET price = 6 WHERE id = 44")
	check(err)
	fmt.Printf("skipped UPDATE: RowsAffected() is %d\n", tag.RowsAffected())
}
