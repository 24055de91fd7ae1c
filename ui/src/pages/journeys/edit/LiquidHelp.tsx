/** Liquid in short; docs/concepts/liquid.md is the whole of it. */
import { Code, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

const READS: [string, string][] = [
  ["{{ customer.first_name }}", "an attribute of the person; also id, email, phone, unsubscribed"],
  ["{{ event.total }}", "the data of the event that started the run"],
  ["{{ failure.reason | default: \"\" }}", "why the message before it failed, in reach steps"],
  ["{{ snippets.footer }}", "a snippet of the workspace"],
  ["{% unsubscribe_url %}", "where this person opts out"],
];

const SNIPS: [string, string][] = [
  ["{{ customer.first_name | default: \"there\" }}", "a word for those without a name"],
  ["{% if customer.plan == \"gold\" %}…{% else %}…{% endif %}", "one text or another"],
  ["{% for item in event.items %}{{ item.name }}{% endfor %}", "each item of a list"],
  ["{{ event.total | currency: \"en\", \"EUR\" }}", "money"],
  ["{{ event.date | date: \"%d %B\" }}", "a date"],
];

/** Filters by kind, as docs/concepts/liquid.md lists them. */
export const FILTERS: [string, string][] = [
  ["text", "append prepend capitalize upcase downcase titlecase strip lstrip rstrip strip_newlines newline_to_br normalize_whitespace replace replace_first replace_last remove remove_first remove_last split slice truncate truncatewords size number_of_words pluralize slugify contains default"],
  ["HTML and URLs", "escape escape_once strip_html xml_escape cgi_escape uri_escape url_encode url_decode base64_encode base64_decode"],
  ["numbers and money", "abs ceil floor round plus minus times divided_by modulo at_least at_most format_number currency rounded_currency"],
  ["lists", "first last join sort sort_natural reverse uniq compact map where where_not where_exp find find_exp group_by group_by_exp concat limit push pop shift unshift sum array_to_sentence_string"],
  ["dates", "date timezone add_day add_month add_year subtract_day subtract_month subtract_year date_to_string date_to_long_string date_to_rfc822 date_to_xmlschema"],
  ["digests and JSON", "md5 sha1 sha256 hmac_sha1 hmac_sha256 json to_json from_json"],
];

function Lines({ title, rows }: { title: string; rows: [string, string][] }): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={title}>
      <Table fz="xs" withRowBorders={false} verticalSpacing={2}>
        <Table.Tbody>
          {rows.map(([code, says]) => (
            <Table.Tr key={code}>
              <Table.Td><Code>{code}</Code></Table.Td>
              <Table.Td>{says}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export function LiquidHelp(): ReactNode {
  return (
    <>
      <Text size="sm" fw={500}>What templates read</Text>
      <Lines title="What templates read" rows={READS} />
      <Text size="sm" fw={500}>What one writes often</Text>
      <Lines title="What one writes often" rows={SNIPS} />
      <Text size="sm" fw={500}>Filters</Text>
      {FILTERS.map(([kind, names]) => (
        <Text size="xs" key={kind}><b>{kind}:</b> <span className="code">{names}</span></Text>
      ))}
    </>
  );
}
