/** `masterless/testing`: a mesh in one process and in virtual time, for the tests of applications. */
export type { Faults, Ids } from './faults.js';
export { type ScenarioOptions, simulate } from './simulate.js';
export { Simulation, SimulationError, type SimulationOptions } from './simulation.js';
