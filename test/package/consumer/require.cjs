// The require face. Prints what the test compares.
const Server = require('masterless');
const { Server: named } = require('masterless');

console.log(
  JSON.stringify({
    constructor: typeof Server === 'function' && Server.name === 'Server',
    itself: Server === named && Server === Server.default,
    names: Object.keys(Server).sort(),
    version: require('masterless/package.json').version,
  }),
);
