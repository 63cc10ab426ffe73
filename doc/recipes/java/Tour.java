import org.postgresql.util.PSQLException;

/** A tour: two users and a moderator of an application work on article 42. */
final class Tour {
    private static final Editing.User ANN = new Editing.User("Ann", "Ann Ames");
    private static final Editing.User BERT = new Editing.User("bert", "Bert Brandt");
    private static final Editing.User CARLA = new Editing.User("carla", "Carla Chief");

    private final Editing editing;

    private Tour(Editing editing) {
        this.editing = editing;
    }

    public static void main(String[] args) throws Exception {
        try (var connection = Editing.connect()) {
            new Tour(new Editing(connection)).run();
        }
    }

    private void run() throws Exception {
        long token = openAndTell(ANN);
        try {
            openAndTell(BERT);
        } catch (Editing.RowLockedException refusal) {
            tell("%s is refused: %s", BERT.name(), refusal.getMessage());
        }
        try {
            editing.transaction(BERT, () -> editing.update("UPDATE article SET title = 'Mine' WHERE id = 42"));
        } catch (PSQLException error) {
            if (!"55P03".equals(error.getSQLState())) {
                throw error;
            }
            tell("A write that does not ask is refused: %s", error.getServerErrorMessage().getMessage());
        }
        tell("%s renews, for another %.0f seconds", ANN.name(), Math.ceil(editing.renew(ANN, token, "Ebb and")));
        saveAndTell(new Editing.User("ann", "Ann Ames"), token, "Ebb and flow");

        long lost = openAndTell(BERT);
        editing.endLock(CARLA, 42, "deadline");
        tell("%s ends the lock of %s", CARLA.name(), BERT.name());
        saveAndTell(ANN, openAndTell(ANN), "Spring tide");
        try {
            saveAndTell(BERT, lost, "Tides");
        } catch (Editing.LockLostException refusal) {
            tell("The save of %s is refused: %s", BERT.name(), refusal.getMessage());
        }
        saveAndTell(BERT, openAndTell(BERT), "Tides");
    }

    private long openAndTell(Editing.User user) throws Exception {
        Editing.Opened opened = editing.open(user, 42);
        tell("%s opens article 42: %s", user.name(), opened.title());
        return opened.token();
    }

    private void saveAndTell(Editing.User user, long token, String title) throws Exception {
        editing.save(user, 42, token, title);
        tell("%s saves: %s", user.name(), title);
    }

    private static void tell(String format, Object... values) {
        System.out.println(format.formatted(values));
    }
}
