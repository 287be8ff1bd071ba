import test from "node:test";
import { open, axe, shot } from "./harness.js";
import { start } from "./server.js";
import { seed, FLAGS } from "./seed.js";
const MODES=(process.env.MODES||"light").split(",");
test("walk", async (t) => {
  const s = await start(t,{flags:FLAGS}); const x = await seed(t,s);
  await s.api("POST","/v1/audit/checkpoints",{});
  await s.api("POST","/v1/signing-keys/rotate",{});
  await s.api("POST","/v1/peppers",{name:"2030-01"});
  const pages = {keyspaces:"keyspaces",keyspace:"keyspaces/acme",create:"create-keyspace",audit:"audit",chain:"chain",webhooks:"webhooks",webhook:"webhooks/"+x.webhook.id,createwebhook:"create-webhook",owners:"owners?keyspace=acme",owner:"owners/acme/northwind",explain:"explain",import:"import",servicekeys:"service-keys",settings:"settings"};
  for (const m of MODES) {
    const page = await open(t, s.url+"/console/", {width:m==="narrow"?360:1280, colorScheme:m==="dark"?"dark":"light"});
    await page.getByLabel("Service key").fill(s.key); await page.keyboard.press("Enter");
    await page.waitForSelector("#main h1");
    for (const [n,p] of Object.entries(pages)) {
      if (process.env.ONLY && !process.env.ONLY.split(",").includes(n)) continue;
      await page.goto(s.url+"/console/"+p); await page.waitForSelector("#main h1"); await page.waitForTimeout(500);
      await shot(page, `${n}-${m}`);
      const w = await page.evaluate(()=>document.documentElement.scrollWidth-innerWidth); if(w>0) console.log("OVERFLOW",n,m,w);
      try { await axe(page); } catch(e) { console.log("AXE",n,m,e.message.slice(0,1200)); }
      if (page.errors.length) { console.log("ERR",n,page.errors.splice(0)); }
    }
  }
});
