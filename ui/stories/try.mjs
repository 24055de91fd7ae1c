// A server with the shop in it, for looking around: `node stories/try.mjs PATH-OF-LANDFALL`.
import { APP_KEY, serve } from "./landfall.mjs";
import { seed } from "./seed.mjs";

const landfall = await serve(process.argv[2]);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => void landfall.stop().then(() => process.exit(0)));
}
const begun = Date.now();
await seed(landfall, Math.floor(Date.now() / 1000));
console.log(`${landfall.url} key ${APP_KEY}, filled in ${Date.now() - begun} ms`);
