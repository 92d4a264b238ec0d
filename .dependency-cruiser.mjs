import { doors, layers, seams } from './layers.mjs';

const names = Object.keys(layers);
const tops = [...names, 'adapters', 'app'];

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'unlisted-folder',
      severity: 'error',
      from: { path: `^src/(?!(${tops.join('|')})/)[^/]+/` },
      to: {},
    },
    ...names.map((name) => ({
      name: `layer-${name}`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: '^src/', pathNot: `^src/(${[name, ...layers[name]].join('|')})/` },
    })),
    ...Object.entries(seams).map(([folder, { importers, only }]) => ({
      name: `seam-${folder}`,
      severity: 'error',
      from: { path: `^src/(${importers.join('|')})/` },
      to: { path: `^src/${folder}/`, pathNot: only },
    })),
    {
      name: 'adapters-do-not-meet',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^src/(adapters|app)/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'nobody-imports-app',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/app/' },
      to: { path: '^src/app/' },
    },
    {
      name: 'only-adapters-and-app-touch-node',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(adapters|app)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'base-uses-no-package',
      severity: 'error',
      from: { path: '^src/base/' },
      to: { dependencyTypes: ['npm', 'npm-dev'] },
    },
    ...Object.entries(doors).map(([name, folders]) => ({
      name: `door-${name}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^(${folders.join('|')})` },
      to: { path: `node_modules/${name}/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
};
