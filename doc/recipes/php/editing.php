<?php

// Locks of articles, for an application whose users share one role.

declare(strict_types=1);

final class User
{
    public function __construct(public readonly string $login, public readonly string $name)
    {
    }
}

/** Another user holds the lock. */
final class RowLocked extends RuntimeException
{
    public function __construct(public readonly string $who, public readonly float $seconds)
    {
        parent::__construct(sprintf('locked by %s for another %d seconds', $who, ceil($seconds)));
    }
}

/** The lock has ended, and the row may have been written since. */
final class LockLost extends RuntimeException
{
}

final class Editing
{
    public function __construct(private readonly PDO $pdo)
    {
    }

    /** Connects to the pooler, which the environment locates (PGHOST ...). */
    public static function connect(): PDO
    {
        return new PDO('pgsql:', null, null, [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_OBJ,
            // A pooler in transaction mode does not keep prepared statements.
            PDO::PGSQL_ATTR_DISABLE_PREPARES => true,
        ]);
    }

    /**
     * Runs work in a transaction that has the user as the owner of locks.
     *
     * @template T
     * @param callable(): T $work
     * @return T
     */
    public function transaction(User $user, callable $work): mixed
    {
        $this->pdo->beginTransaction();
        try {
            $this->run('SELECT locking.set_owner(lower(?), ?)', $user->login, $user->name);
            $result = $work();
            $this->pdo->commit();
            return $result;
        } catch (Throwable $error) {
            $this->pdo->rollBack();
            throw self::isLost($error) ? new LockLost(self::detailOf($error), 0, $error) : $error;
        }
    }

    /**
     * Locks an article and reads it, or throws RowLocked.
     *
     * @return object{token: int, title: string}
     */
    public function open(User $user, int $id): object
    {
        return $this->transaction($user, function () use ($id): object {
            $lock = $this->run(
                "SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', ?::int)",
                $id,
            )->fetch();
            if (!$lock->granted) {
                throw new RowLocked($lock->owner_name, (float) $lock->seconds_left);
            }
            // a later statement, which sees what the last holder saved
            $title = $this->run('SELECT title FROM article WHERE id = ?', $id)->fetchColumn();
            return (object) ['token' => $lock->token, 'title' => $title];
        });
    }

    /** Extends a lock, keeps unsaved text, and returns the seconds left. */
    public function renew(User $user, int $token, string $draft): float
    {
        return $this->transaction($user, fn (): float => (float) $this->run(
            'SELECT extract(epoch FROM locking.renew(?, draft => ?) - clock_timestamp())',
            $token,
            json_encode(['title' => $draft]),
        )->fetchColumn());
    }

    /** Saves an article and ends its lock, or throws LockLost. */
    public function save(User $user, int $id, int $token, string $title): void
    {
        $this->transaction($user, function () use ($id, $token, $title): void {
            $this->run('SELECT locking.confirm(?)', $token);
            $this->run('UPDATE article SET title = ? WHERE id = ?', $title, $id);
            $this->run('SELECT locking.release(?)', $token);
        });
    }

    /** Ends the lock of any user. */
    public function endLock(User $moderator, int $id, string $reason): void
    {
        $this->transaction($moderator, fn () => $this->run("SELECT locking.break_lock('article', ?::int, ?)", $id, $reason));
    }

    public function run(string $statement, int|string ...$values): PDOStatement
    {
        $prepared = $this->pdo->prepare($statement);
        $prepared->execute($values);
        return $prepared;
    }

    private static function isLost(Throwable $error): bool
    {
        return $error instanceof PDOException && $error->getCode() === 'LK001';
    }

    /** PDO has no field for the detail: it is a line of the message. */
    private static function detailOf(Throwable $error): string
    {
        preg_match('/^DETAIL:\s*(.*)$/m', $error->getMessage(), $matches);
        return $matches[1];
    }
}
