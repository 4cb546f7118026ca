/** Judges mutants, one after another, as the parent process sends them. */
import { type Bytecodes, CompileError, Compiler } from "./compile.js";
import { Deployments } from "./deployments.js";
import type { Mutant } from "./mutants.js";
import { type Contract, Project } from "./project.js";
import type { Job, Report, Verdict } from "./protocol.js";
import { Suite, type TestFile } from "./suite.js";

/** Creation code of a contract that can do nothing. */
const DEAD = "0x60fe60005360016000f3";

const report = (message: Report): void => void process.send?.(message);
const alive = (): void => {
  report({ kind: "alive" });
};

const project = new Project();
const compiler = new Compiler(project);
alive();
const deployments = new Deployments(project.contracts);
const suite = new Suite(deployments, process.argv.includes("--near"));
await suite.load();
deployments.replacements = compiler.quick;
const failures = await suite.rehearse(alive);
const deployed = new Set(suite.files.flatMap(({ deploys }) => [...deploys]));
const users = new Map<Contract, Set<TestFile>>();

/** Test files that notice whether a contract is there at all. */
async function usersOf(contract: Contract): Promise<ReadonlySet<TestFile>> {
  const deployers = suite.files.filter(({ deploys }) => deploys.has(contract));
  if (!compiler.slow.has(contract)) return new Set(deployers);
  // Found out only for what takes long to compile: it is a library that many deploy and few need.
  const known = users.get(contract) ?? new Set();
  if (!users.has(contract)) {
    deployments.replacements = new Map([[contract, DEAD]]);
    for (const file of deployers) if ((await attack([file])) !== undefined) known.add(file);
    users.set(contract, known);
  }
  return known;
}

/**
 * Runs test files on the replaced code until one fails, and returns it. What fails after others counts only if it also
 * fails alone, as it was rehearsed.
 */
async function attack(files: readonly TestFile[]): Promise<TestFile | undefined> {
  await suite.reset();
  for (const [place, file] of files.entries()) {
    alive();
    if ((await suite.run(file)) === undefined) continue;
    if (place === 0) return file;
    await suite.reset();
    if ((await suite.run(file)) !== undefined) return file;
  }
  return undefined;
}

/** Files most likely to notice a mutant first: what noticed its neighbours, then what is named like its place. */
function ranked(files: Iterable<TestFile>, { mutant, hints }: Job): TestFile[] {
  const { contract, definition } = mutant.place;
  const rank = ({ path, milliseconds }: TestFile): number => {
    const hint = hints.indexOf(path);
    if (hint !== -1) return hint - hints.length;
    const [inPlace, inName] = [path.includes(contract.replace(/Lib$/, "")), path.includes(`/${definition}.`)];
    return milliseconds + (inPlace && inName ? 0 : inPlace ? 1e5 : inName ? 2e5 : 3e5);
  };
  return [...files].sort((a, b) => rank(a) - rank(b));
}

/** Compiles contracts with the mutant and returns those that came out otherwise. */
function changed(contracts: readonly Contract[], mutant: Mutant): Bytecodes {
  const slow = contracts.filter((contract) => compiler.slow.has(contract));
  const quick = contracts.filter((contract) => !compiler.slow.has(contract));
  const found: Bytecodes = new Map(slow.map((contract) => [contract, compiler.fully(contract, mutant)]));
  try {
    for (const entry of quick.length === 0 ? [] : compiler.quickly(quick, mutant)) found.set(...entry);
  } catch (error) {
    if (!(error instanceof CompileError) || !error.tooDeep) throw error;
    for (const contract of quick) found.set(contract, compiler.fully(contract, mutant));
  }
  for (const [contract, bytecode] of found) {
    if (bytecode === compiler.quick.get(contract) || bytecode === contract.bytecode) found.delete(contract);
  }
  return found;
}

async function judge(job: Job): Promise<Verdict> {
  const { mutant } = job;
  const touched = [...deployed].filter(({ source }) => project.closureOf(source).has(mutant.source));
  const isSmall = ({ source }: Contract) => source.includes("/mocks/");
  // What compiles soonest comes first; most mutants do not live to see the rest.
  const tiers = [
    touched.filter((contract) => isSmall(contract) && !compiler.slow.has(contract)),
    touched.filter((contract) => !isSmall(contract) && !compiler.slow.has(contract)),
    touched.filter((contract) => compiler.slow.has(contract)),
  ];
  const all: Bytecodes = new Map();
  for (const tier of tiers) {
    alive();
    if (tier.length === 0) continue;
    const now = changed(tier, mutant);
    const files = new Set<TestFile>();
    for (const [contract, bytecode] of now) {
      all.set(contract, bytecode);
      for (const file of await usersOf(contract)) files.add(file);
    }
    if (files.size === 0) continue;
    deployments.replacements = all;
    const killer = await attack(ranked(files, job));
    if (killer !== undefined) return { status: "killed", by: killer.path };
  }
  for (const contract of [...all.keys()].sort((a, b) => a.bytecode.length - b.bytecode.length)) {
    alive();
    if (compiler.fully(contract, mutant) !== contract.bytecode) return { status: "survived" };
  }
  return { status: "equivalent" };
}

// A promise that a mutant broke and that no test waits for must not end the process.
process.on("unhandledRejection", () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("message", (job: Job) => {
  const start = Date.now();
  judge(job)
    .catch((error: unknown): Verdict => {
      if (!(error instanceof CompileError)) throw error;
      return { status: "invalid", by: error.message };
    })
    .then(
      (verdict) => {
        report({ kind: "verdict", verdict, seconds: (Date.now() - start) / 1000 });
      },
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
});
report({ kind: "ready", tests: suite.files.length, failures });
