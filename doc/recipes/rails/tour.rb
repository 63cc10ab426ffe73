# A tour: two users and a moderator of an application work on article 42.
require_relative "editing"

ann = User.new("Ann", "Ann Ames")
bert = User.new("bert", "Bert Brandt")
carla = User.new("carla", "Carla Chief")

def open_and_tell(user)
  token, article = Article.open_for(user, 42)
  puts "#{user.name} opens article 42: #{article.title}"
  [token, article]
end

def save_and_tell(user, token, article, title)
  article.title = title
  article.save_for!(user, token)
  puts "#{user.name} saves: #{title}"
end

token, article = open_and_tell(ann)
begin
  open_and_tell(bert)
rescue RowLocked => refusal
  puts "#{bert.name} is refused: #{refusal.message}"
end
begin
  Article.transaction_of(bert) { Article.find(42).update!(title: "Mine") }
rescue ActiveRecord::LockWaitTimeout => error
  puts "A write that does not ask is refused: #{error.cause.result.error_field(PG::PG_DIAG_MESSAGE_PRIMARY)}"
end
puts "#{ann.name} renews, for another #{Article.renew_lock(ann, token, title: "Ebb and").ceil} seconds"
save_and_tell(User.new("ann", "Ann Ames"), token, article, "Ebb and flow")

lost = open_and_tell(bert)
Article.end_lock(carla, 42, "deadline")
puts "#{carla.name} ends the lock of #{bert.name}"
save_and_tell(ann, *open_and_tell(ann), "Spring tide")
begin
  save_and_tell(bert, *lost, "Tides")
rescue LockLost => refusal
  puts "The save of #{bert.name} is refused: #{refusal.message}"
end
save_and_tell(bert, *open_and_tell(bert), "Tides")
