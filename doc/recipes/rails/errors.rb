# Prints the class of the exception for each SQLSTATE of errors.tsv.
require_relative "editing"

def read(name)
  File.read(File.join(__dir__, "..", name))
end

read("errors.tsv").each_line(chomp: true) do |line|
  state, statement = line.split("\t")
  Article.connection.execute(statement)
rescue ActiveRecord::ActiveRecordError => error
  puts "#{state}: #{error.class.name.demodulize} (#{error.class.superclass.name.demodulize})"
  Article.connection.reconnect! unless Article.connection.active?
end

Article.transaction do
  Article.connection.execute(read("skip.sql"))
  article = Article.find(44)
  answer = article.update(price: 6)
  puts "skipped UPDATE: update returns #{answer}, the price is still #{article.reload.price.to_s("F")}"
  raise ActiveRecord::Rollback
end
