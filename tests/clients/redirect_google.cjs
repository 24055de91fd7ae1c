// Loaded with `node --require`: connections to Google's names go to a port of this machine instead. Nothing
// of the client is changed; it takes the simulator for Google, whose names are in the simulator's
// certificate.
const net = require("node:net");

const names = new Set(["fcm.googleapis.com", "oauth2.googleapis.com"]);
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function (...args) {
  const target = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (target && names.has(target.host)) {
    target.host = "127.0.0.1";
    target.port = Number(process.env.SIM_PORT);
  }
  return connect.apply(this, args);
};
