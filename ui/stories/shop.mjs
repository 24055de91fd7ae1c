// Two weeks of a shop: people with phones, three journeys, and one app version that swallows the pushes of one
// of them. Everything but the present moment is fixed, so figures differ between runs by nothing but their dates.

const DAY = 86_400;
/** Where the stories' browser is. */
export const ZONE = "Europe/Berlin";
export const PEOPLE = 420;

/** Numbers between 0 and 1, the same each time (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FIRST = ["Ann", "Ben", "Cem", "Dora", "Emil", "Fatma", "Greta", "Hugo", "Ines", "Jan", "Kaya", "Lena", "Milo", "Nora"];

/** Who there is: half on iOS, some without any device. */
export function people() {
  const roll = dice(1);
  return Array.from({ length: PEOPLE }, (_, at) => {
    const kind = roll();
    const platform = kind < 0.48 ? "ios" : kind < 0.86 ? "android" : null;
    return {
      id: `person-${at}`,
      email: `person-${at}@shop.example`,
      first_name: FIRST[at % FIRST.length],
      plan: roll() < 0.2 ? "gold" : "basic",
      platform,
      // Apple's tokens are hexadecimal, Google's are not.
      token: platform && (platform === "ios" ? at.toString(16).padStart(64, "0") : `android-token-${at}`),
      updates: roll() < 0.7,
      permission: roll() < 0.93,
    };
  });
}

/** Devices of everybody, as their apps report them before or after the release of iOS 5.2. */
export function devices(all, released, now) {
  return all
    .filter((person) => person.platform)
    .map((person) => ({
      token: person.token,
      id: person.id,
      platform: person.platform,
      last_used: now - (released ? 3_600 : 15 * DAY),
      app_version: person.platform === "ios" ? (released && person.updates ? "5.2" : "5.1") : "8.4",
      os_version: person.platform === "ios" ? "19.1" : "16",
      device_model: person.platform === "ios" ? "iPhone16,2" : "Pixel 9",
      push_enabled: String(person.permission),
    }));
}

/** When today began where the stories' browser is, in seconds: pages compare whole days of its calendar. */
export function midnight(now) {
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "numeric", minute: "numeric", second: "numeric" });
  const part = Object.fromEntries(clock.formatToParts(now * 1000).map(({ type, value }) => [type, Number(value)]));
  return now - part.hour * 3_600 - part.minute * 60 - part.second;
}

/** What Customer.io's webhooks tell of days `from` to `to` before `today` began. */
export function webhooks(all, journeys, from, to, today) {
  const lines = [];
  for (let day = from; day > to; day -= 1) {
    for (const journey of journeys) {
      const roll = dice(journey.number * 2_003 + day);
      for (let nth = 0; nth < journey.daily; nth += 1) {
        const person = all[Math.floor(roll() * all.length)];
        // Away from midnight, so that a day of 23 or 25 hours does not move a message into the next window.
        const at = Math.floor(today - day * DAY + (0.05 + roll() * 0.85) * DAY);
        lines.push(...message({ journey, person, at, day, nth, roll }));
      }
    }
  }
  return lines;
}

function message({ journey, person, at, day, nth, roll }) {
  const delivery = `${journey.slug}-${day}-${nth}`;
  const step = journey.push[roll() < 0.6 || journey.push.length === 1 ? 0 : 1];
  const broken = journey.breaks && person.platform === "ios" && person.updates && day <= journey.breaks;
  const event = (metric, later, data, kind = "push", number = step, id = delivery) => ({
    event_id: `${id}-${metric}`,
    object_type: kind,
    metric,
    timestamp: at + later,
    data: { campaign_id: journey.number, action_id: number, delivery_id: id, identifiers: { id: person.id }, ...data },
  });
  if (!person.platform || !person.permission) {
    const why = person.platform ? "push disabled" : "no device";
    const mail = `${delivery}-mail`;
    const read = roll();
    return [
      event("undeliverable", 1, { failure_message: why }),
      ...(journey.mail ? [event("sent", 90, {}, "email", journey.mail, mail)] : []),
      ...(journey.mail && read < 0.9 ? [event("delivered", 95, {}, "email", journey.mail, mail)] : []),
      ...(journey.mail && read < 0.3 ? [event("opened", 4_000, {}, "email", journey.mail, mail)] : []),
    ];
  }
  const to = { recipients: [{ device_id: person.token, device_platform: person.platform }] };
  if (person.platform === "android" && roll() < 0.03) {
    const failed = { recipients: [{ ...to.recipients[0], failure_message: "UNREGISTERED" }] };
    return [event("bounced", 2, failed)];
  }
  const arrives = roll() < (broken ? 0.04 : 0.78);
  const opens = arrives && roll() < 0.24;
  const buys = opens && roll() < 0.35;
  return [
    event("sent", 1, to),
    ...(arrives ? [event("delivered", 4 + Math.floor(roll() * 600), to)] : []),
    ...(opens ? [event("opened", 900, to)] : []),
    ...(buys ? [event("converted", 5_000, to)] : []),
  ];
}

/** A journey without waits: what it sends goes through the simulated providers at once. */
export const welcome = {
  id: "welcome",
  name: "Welcome",
  owner: "retention@shop.example",
  trigger: { event: "signed_up" },
  goal: { event: "order_completed", within: "3d", basis: "delivered", value: "total", currency: "EUR" },
  steps: [
    {
      id: "greet",
      push: { title: "Welcome, {{ customer.first_name | default: 'friend' }}", body: "Ten per cent on your first order.", link: "shop://first" },
      name: { step: "Push 1", delay: "0m", intent: "Greet" },
    },
    {
      id: "loyal",
      branch: {
        if: { attribute: "plan", is: "gold" },
        then: [{ id: "gift", email: { subject: "A gift for you", body: "<p>Because you are gold.</p>" }, name: { step: "Mail 1", delay: "0m", intent: "Gift" } }],
        else: [{ id: "day", delay: "1d" }],
      },
    },
    {
      id: "again",
      push: { title: "Your ten per cent end soon", body: "Until tomorrow.", link: "shop://first" },
      name: { step: "Push 2", delay: "1d", intent: "Urge" },
    },
  ],
};
