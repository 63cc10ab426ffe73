import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.util.PSQLException;

/** Locks of articles, for an application whose users share one role. */
final class Editing {
    record User(String login, String name) {}

    record Opened(long token, String title) {}

    /** Another user holds the lock. */
    static final class RowLockedException extends Exception {
        final String who;
        final double seconds;

        RowLockedException(String who, double seconds) {
            super("locked by %s for another %.0f seconds".formatted(who, Math.ceil(seconds)));
            this.who = who;
            this.seconds = seconds;
        }
    }

    /** The lock has ended, and the row may have been written since. */
    static final class LockLostException extends Exception {
        LockLostException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    @FunctionalInterface
    interface Work<T> {
        T run() throws SQLException, RowLockedException;
    }

    private final Connection connection;

    Editing(Connection connection) {
        this.connection = connection;
    }

    /** Connects to the pooler, which the environment locates (PGHOST ...). */
    static Connection connect() throws SQLException {
        var env = System.getenv();
        var properties = new Properties();
        properties.setProperty("user", env.get("PGUSER"));
        properties.setProperty("password", env.get("PGPASSWORD"));
        // A pooler in transaction mode does not keep prepared statements.
        properties.setProperty("prepareThreshold", "0");
        return DriverManager.getConnection(
                "jdbc:postgresql://%s:%s/%s".formatted(env.get("PGHOST"), env.get("PGPORT"), env.get("PGDATABASE")), properties);
    }

    /** Runs work in a transaction that has the user as the owner of locks. */
    <T> T transaction(User user, Work<T> work) throws SQLException, RowLockedException, LockLostException {
        connection.setAutoCommit(false);
        try {
            query("SELECT locking.set_owner(lower(?), ?)", user.login(), user.name());
            T result = work.run();
            connection.commit();
            return result;
        } catch (SQLException error) {
            connection.rollback();
            if ("LK001".equals(error.getSQLState())) {
                throw new LockLostException(detailOf(error), error);
            }
            throw error;
        } catch (RowLockedException refusal) {
            connection.rollback();
            throw refusal;
        }
    }

    /** Locks an article and reads it. */
    Opened open(User user, int id) throws SQLException, RowLockedException, LockLostException {
        return transaction(user, () -> {
            ResultSet lock = query(
                    "SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', ?)", id);
            if (!lock.getBoolean("granted")) {
                throw new RowLockedException(lock.getString("owner_name"), lock.getDouble("seconds_left"));
            }
            // a later statement, which sees what the last holder saved
            return new Opened(lock.getLong("token"), query("SELECT title FROM article WHERE id = ?", id).getString(1));
        });
    }

    /** Extends a lock, keeps unsaved text, and returns the seconds left. */
    double renew(User user, long token, String draft) throws SQLException, RowLockedException, LockLostException {
        return transaction(user, () -> query("""
                SELECT extract(epoch FROM locking.renew(?, draft => jsonb_build_object('title', ?::text)) - clock_timestamp())
                """, token, draft).getDouble(1));
    }

    /** Saves an article and ends its lock. */
    void save(User user, int id, long token, String title) throws SQLException, RowLockedException, LockLostException {
        transaction(user, () -> {
            query("SELECT locking.confirm(?)", token);
            update("UPDATE article SET title = ? WHERE id = ?", title, id);
            return query("SELECT locking.release(?)", token);
        });
    }

    /** Ends the lock of any user. */
    void endLock(User moderator, int id, String reason) throws SQLException, RowLockedException, LockLostException {
        transaction(moderator, () -> query("SELECT locking.break_lock('article', ?, ?)", id, reason));
    }

    /** Returns the first row of a query. */
    ResultSet query(String sql, Object... values) throws SQLException {
        PreparedStatement statement = prepare(sql, values);
        statement.closeOnCompletion();
        ResultSet rows = statement.executeQuery();
        rows.next();
        return rows;
    }

    int update(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = prepare(sql, values)) {
            return statement.executeUpdate();
        }
    }

    private PreparedStatement prepare(String sql, Object... values) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
        return statement;
    }

    private static String detailOf(SQLException error) {
        return error instanceof PSQLException refusal ? refusal.getServerErrorMessage().getDetail() : error.getMessage();
    }
}
