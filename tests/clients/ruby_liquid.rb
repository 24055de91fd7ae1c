# Renders templates with Ruby's Liquid (Debian's ruby-liquid): one JSON object a line in, one a line out.
#
#   in:  {"template": "...", "data": {...}, "snippets": {"name": "..."}}
#   out: {"text": "..."} or {"refused": "..."} when the template cannot be parsed
#
# Ruby's clock is stopped at the second that the first argument gives, in UTC.

ENV["TZ"] = "UTC"

require "json"
require "time"
require "liquid"

STOPPED = Integer(ARGV.fetch(0))

class Time
  def self.now
    at(STOPPED)
  end
end

# Liquid asks values whether they are `blank?`, which Rails adds to Ruby; without Rails nothing is blank.
class Object
  def blank?
    respond_to?(:empty?) ? empty? : !self
  end
end

class String
  def blank?
    match?(/\A[[:space:]]*\z/)
  end
end

# Snippets by their names.
class Snippets
  def initialize(sources)
    @sources = sources
  end

  def read_template_file(name)
    @sources.fetch(name) { raise Liquid::FileSystemError, "there is no snippet #{name}" }
  end
end

STDIN.set_encoding("UTF-8")
STDOUT.set_encoding("UTF-8")

STDIN.each_line do |line|
  input = JSON.parse(line)
  Liquid::Template.file_system = Snippets.new(input.fetch("snippets", {}))
  # Static environments are what `render` sees too.
  context = Liquid::Context.build(static_environments: input.fetch("data"))
  output =
    begin
      { text: Liquid::Template.parse(input.fetch("template")).render(context) }
    rescue Liquid::Error => error
      { refused: error.message }
    end
  puts JSON.generate(output)
end
