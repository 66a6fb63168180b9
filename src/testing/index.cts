/** The require() face of `masterless/testing`. There is one copy of each class, the one that import gives. */
import type * as Module from './index.js' with { 'resolution-mode': 'import' };

const all: typeof Module = require('./index.js');

const testing: Pick<typeof Module, 'Simulation' | 'SimulationError' | 'simulate'> = {
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
