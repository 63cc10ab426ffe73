import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;

/** Prints the class of the exception for each SQLSTATE of errors.tsv. */
final class Errors {
    public static void main(String[] args) throws Exception {
        for (String line : Files.readAllLines(Path.of("../errors.tsv"))) {
            String[] parts = line.split("\t");
            try (var connection = Editing.connect(); var statement = connection.createStatement()) {
                statement.execute(parts[1]);
            } catch (SQLException error) {
                System.out.printf("%s: %s (%s)%n", parts[0], error.getClass().getSimpleName(),
                        error.getClass().getSuperclass().getSimpleName());
            }
        }
        try (var connection = Editing.connect(); var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(Files.readString(Path.of("../skip.sql")));
            System.out.printf("skipped UPDATE: executeUpdate() returns %d%n",
                    statement.executeUpdate("UPDATE article SET price = 6 WHERE id = 44"));
            connection.rollback();
        }
    }
}
