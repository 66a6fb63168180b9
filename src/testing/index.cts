/** The require() face of `masterless/testing`. There is one copy of each class, the one that import gives. */
import type * as Module from './index.js' with { 'resolution-mode': 'import' };

const all: typeof Module = require('./index.js');

// Not Pick: compilers crash where a property of a mapped type meets the type of its name, in `import { Simulation } from`.
interface Values {
  readonly Simulation: typeof Module.Simulation;
  readonly SimulationError: typeof Module.SimulationError;
  readonly simulate: typeof Module.simulate;
}

const testing: Values = {
  Simulation: all.Simulation,
  SimulationError: all.SimulationError,
  simulate: all.simulate,
};

declare namespace testing {
  type Faults = Module.Faults;
  type Ids = Module.Ids;
  type ScenarioOptions = Module.ScenarioOptions;
  type Simulation = Module.Simulation;
  type SimulationError = Module.SimulationError;
  type SimulationOptions = Module.SimulationOptions;
}

export = testing;
