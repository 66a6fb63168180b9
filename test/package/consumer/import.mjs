// The import face. Prints what the test compares.
import { createRequire } from 'node:module';
import Default, * as named from 'masterless';

const required = createRequire(import.meta.url)('masterless');
console.log(
  JSON.stringify({
    defaultIsServer: Default === named.Server,
    oneClass: required === named.Server,
    names: Object.keys(named).sort(),
    refuses: [`unix:///${'\ud800'}`, 'unix:///%ff', 'tcp://\ud800:1'].map((uri) => {
      try {
        return new named.Server('refuses', { listen: [] }).connect(uri);
      } catch ({ code }) {
        return code;
      }
    }),
    serverMakesNodes: typeof new named.Server('import', { listen: [] }).send === 'function',
  }),
);
