# Locks of articles, for models of Active Record.
require "active_record"

# In config/database.yml of an application:
#   adapter: postgresql
#   prepared_statements: false
#   advisory_locks: false
# A pooler in transaction mode keeps neither prepared statements nor advisory
# locks of a session. libpq finds the pooler by PGHOST and so on.
ActiveRecord::Base.establish_connection(adapter: "postgresql", prepared_statements: false, advisory_locks: false)

User = Struct.new(:login, :name)

# Another user holds the lock.
class RowLocked < StandardError
  attr_reader :who, :seconds

  def initialize(who, seconds)
    super("locked by #{who} for another #{seconds.ceil} seconds")
    @who = who
    @seconds = seconds
  end
end

# The lock has ended, and the row may have been written since.
class LockLost < StandardError; end

# For models whose rows are locked while users edit them.
module Editable
  extend ActiveSupport::Concern

  class_methods do
    # Runs a block in a transaction that has the user as the owner of locks.
    def transaction_of(user)
      transaction(requires_new: true) do
        select_one("SELECT FROM locking.set_owner(lower(?), ?)", user.login, user.name)
        yield
      end
    rescue ActiveRecord::StatementInvalid => error
      raise unless sqlstate_of(error) == "LK001"

      raise LockLost, error.cause.result.error_field(PG::PG_DIAG_MESSAGE_DETAIL)
    end

    # Locks a row and reads it: returns token and record, or raises RowLocked.
    def open_for(user, id)
      transaction_of(user) do
        lock = select_one("SELECT * FROM locking.try_acquire(?, ?)", table_name, id.to_s)
        raise RowLocked.new(lock["owner_name"], lock["seconds_left"]) unless lock["granted"]

        # a later statement, which sees what the last holder saved
        [lock["token"], uncached { find(id) }]
      end
    end

    # Extends a lock, keeps unsaved text, and returns the seconds left.
    def renew_lock(user, token, draft)
      transaction_of(user) do
        select_one("SELECT extract(epoch FROM locking.renew(?, draft => ?) - clock_timestamp()) AS seconds",
                   token, draft.to_json)["seconds"]
      end
    end

    # Ends the lock of any user.
    def end_lock(moderator, id, reason)
      transaction_of(moderator) do
        select_one("SELECT locking.break_lock(?, ?, ?)", table_name, id.to_s, reason)
      end
    end

    def sqlstate_of(error)
      error.cause.result&.error_field(PG::PG_DIAG_SQLSTATE) if error.cause.is_a?(PG::Error)
    end

    def select_one(*statement)
      connection.select_one(sanitize_sql(statement))
    end
  end

  # Saves the record and ends its lock, or raises LockLost.
  def save_for!(user, token)
    self.class.transaction_of(user) do
      self.class.select_one("SELECT locking.confirm(?)", token)
      save!
      self.class.select_one("SELECT locking.release(?)", token)
    end
  end
end

class Article < ActiveRecord::Base
  self.table_name = "article"
  include Editable
end
