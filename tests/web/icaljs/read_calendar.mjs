// Prints what ical.js reads from a calendar (argument 1): all occurrences up to a time in UTC (argument 2), as JSON.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], "utf8")));
const until = new Date(process.argv[3]);
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(new ICAL.Timezone(zone), zone.getFirstPropertyValue("tzid"));
}

const shown = (time) => (time.isDate ? time.toString() : time.toJSDate().toISOString());
const one = (item, start, end) => ({
  uid: item.uid,
  title: item.summary,
  status: item.component.getFirstPropertyValue("status"),
  start: shown(start),
  end: shown(end),
});

const all = calendar.getAllSubcomponents("vevent").map((component) => new ICAL.Event(component));
const found = [];
for (const event of all.filter((event) => !event.isRecurrenceException())) {
  if (!event.isRecurring()) {
    found.push(one(event, event.startDate, event.endDate));
    continue;
  }
  for (const other of all) {
    if (other.isRecurrenceException() && other.uid === event.uid) event.relateException(other);
  }
  const times = event.iterator();
  for (let next = times.next(); next && next.toJSDate() < until; next = times.next()) {
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    found.push(one(item, startDate, endDate));
  }
}
process.stdout.write(JSON.stringify(found));
