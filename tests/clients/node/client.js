/*
 * The JavaScript client of Kubernetes against kjob serve: what programs do with it, step by step. TAP on standard output.
 * From outside come KUBECONFIG, KJOB_BIN, KJOB_HOME and IMAGE.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import * as k8s from '@kubernetes/client-node';

const namespace = 'default';
const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const batch = config.makeApiClient(k8s.BatchV1Api);

const kjob = (...args) => execFileSync(process.env.KJOB_BIN, args, { encoding: 'utf8' });
const limit = { timeout: 60_000 };
const GUIDED = 'until [ -e /tmp/go ]; do sleep 0.1; done; echo went; exit 0';

function job(name, script, spec = {}) {
	const container = { name: 'c', image: process.env.IMAGE, command: ['sh', '-c', script] };
	return {
		metadata: { name, labels: { suite: 'node' } },
		spec: {
			...spec,
			template: { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container] } },
		},
	};
}

const create = (name, script, spec) => batch.createNamespacedJob({ namespace, body: job(name, script, spec) });
const condition = (object, type) => object.status?.conditions?.find((c) => c.type === type && c.status === 'True');

/* Calls `look` until it gives something; objects that are not there yet give nothing. */
async function eventually(look) {
	for (;;) {
		const found = await look();
		if (found) return found;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const finished = (name) =>
	eventually(async () => {
		const j = await batch.readNamespacedJob({ name, namespace });
		return condition(j, 'Complete') || condition(j, 'Failed') ? j : null;
	});

const runningPod = (name) =>
	eventually(async () => {
		const list = await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
		return list.items.find((p) => p.status?.phase === 'Running');
	});

function collector() {
	const stream = new PassThrough();
	stream.text = '';
	stream.on('data', (piece) => (stream.text += piece));
	return stream;
}

/* A command in a container: what it printed, and the Status of its end. */
function exec(pod, command, input = null, tty = false) {
	const out = collector();
	const err = collector();
	return new Promise((resolve, reject) => {
		new k8s.Exec(config)
			.exec(namespace, pod, 'c', command, out, err, input, tty, (status) =>
				setImmediate(() => resolve({ out: out.text, err: err.text, status })))
			.catch(reject);
	});
}

const failsWith = (code, promise) =>
	assert.rejects(promise, (e) => {
		assert.equal(e.code, code);
		assert.equal(JSON.parse(e.body).kind, 'Status');
		return true;
	});

test('a Job is created, has its defaults, runs, and is Complete', limit, async () => {
	const made = await create('hello', 'echo hello from $HOSTNAME', { completions: 2, parallelism: 2 });
	assert.equal(made.spec.backoffLimit, 6);
	assert.ok(made.metadata.creationTimestamp instanceof Date);
	const j = await finished('hello');
	assert.equal(j.status.succeeded, 2);
	assert.equal(condition(j, 'Complete').reason, 'CompletionsReached');
	const list = await batch.listNamespacedJob({ namespace, labelSelector: 'suite=node' });
	assert.deepEqual(list.items.map((i) => i.metadata.name), ['hello']);
});

test('errors are Statuses: there already, absent, invalid, of an unknown field', limit, async () => {
	await failsWith(409, create('hello', 'true'));
	await failsWith(404, batch.readNamespacedJob({ name: 'nope', namespace }));
	await failsWith(422, create('bad', 'true', { parallelism: -1 }));
	const strange = job('strange', 'true');
	strange.metadata.name = 'Strange_';
	await failsWith(422, batch.createNamespacedJob({ namespace, body: strange }));
	await failsWith(409, batch.deleteNamespacedJob({ name: 'hello', namespace, body: { preconditions: { uid: 'other' } } }));
});

test('a watch tells of each step of a Job', limit, async () => {
	const seen = [];
	let stop;
	const ended = new Promise((resolve, reject) => {
		stop = new k8s.Watch(config).watch(
			`/apis/batch/v1/namespaces/${namespace}/jobs`,
			{ fieldSelector: 'metadata.name=watched', allowWatchBookmarks: true },
			(type, object) => {
				seen.push(type);
				if (type === 'DELETED') resolve(object);
				if (type === 'MODIFIED' && condition(object, 'Complete'))
					batch.deleteNamespacedJob({ name: 'watched', namespace, propagationPolicy: 'Background' }).catch(reject);
			},
			(e) => e && e.name !== 'AbortError' && reject(e),
		);
	});
	const controller = await stop;
	await create('watched', 'true');
	assert.equal((await ended).metadata.name, 'watched');
	assert.equal(seen[0], 'ADDED');
	assert.ok(seen.includes('MODIFIED'));
	controller.abort();
});

test('a watch ends at its time limit', limit, async () => {
	const end = await new Promise((resolve) => {
		new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/pods`, { timeoutSeconds: 1 }, () => {}, resolve);
	});
	assert.equal(end, null);
});

test('an informer goes on across a kill and a stop of the controller', limit, async () => {
	const informer = k8s.makeInformer(config, `/apis/batch/v1/namespaces/${namespace}/jobs`, () =>
		batch.listNamespacedJob({ namespace }));
	const restarted = () => setTimeout(() => informer.start().catch(restarted), 100);
	const added = new Set();
	const gone = new Set();
	informer.on('add', (j) => added.add(j.metadata.name));
	informer.on('delete', (j) => gone.add(j.metadata.name));
	informer.on('error', restarted);
	await informer.start();
	await eventually(() => added.has('hello'));

	await create('across', GUIDED);
	await eventually(() => added.has('across'));
	const pod = (await runningPod('across')).metadata.name;
	process.kill(JSON.parse(kjob('controller', 'status', '-o', 'json')).pid, 'SIGKILL');
	await failsWithout(batch.listNamespacedJob({ namespace }));
	kjob('get', 'jobs'); /* starts the next one, which serves as the last one did */
	await create('later', 'true');
	await eventually(() => added.has('later'));

	kjob('controller', 'stop');
	kjob('get', 'jobs');
	await batch.deleteNamespacedJob({ name: 'later', namespace, propagationPolicy: 'Foreground' });
	await eventually(() => gone.has('later'));
	assert.equal((await exec(pod, ['touch', '/tmp/go'])).status.status, 'Success');
	await eventually(() => {
		const j = informer.get('across', namespace);
		return j && condition(j, 'Complete');
	});
	informer.off('error', restarted);
	await informer.stop();
});

/* A connection that is refused, or cut off. */
async function failsWithout(promise) {
	await assert.rejects(promise, (e) => !e.code || typeof e.code === 'string');
}

test('logs are followed to their end, and read again in parts', limit, async () => {
	await create('logs', 'echo one; ' + GUIDED);
	const pod = (await runningPod('logs')).metadata.name;
	const out = collector();
	const end = once(out, 'end');
	await new k8s.Log(config).log(namespace, pod, 'c', out, { follow: true });
	await eventually(() => out.text === 'one\n');
	await exec(pod, ['touch', '/tmp/go']);
	await end;
	assert.equal(out.text, 'one\nwent\n');
	assert.equal(await core.readNamespacedPodLog({ name: pod, namespace, tailLines: 1 }), 'went\n');
	assert.match(await core.readNamespacedPodLog({ name: pod, namespace, timestamps: true }), /^\d{4}-\S+Z one\n/);
});

test('exec: output apart, exit codes, input to its end, a terminal', limit, async () => {
	await create('shell', 'exec sleep 1000');
	const pod = (await runningPod('shell')).metadata.name;
	const both = await exec(pod, ['sh', '-c', 'echo out; echo err >&2; exit 3']);
	assert.deepEqual([both.out, both.err, both.status.reason], ['out\n', 'err\n', 'NonZeroExitCode']);
	assert.equal(both.status.details.causes.find((c) => c.reason === 'ExitCode').message, '3');
	const input = new PassThrough();
	input.end('some input\n');
	const head = await exec(pod, ['head', '-n', '1'], input);
	assert.equal(head.out, 'some input\n');
	const tty = await exec(pod, ['sh', '-c', 'test -t 1 && echo terminal'], null, true);
	assert.equal(tty.out, 'terminal\r\n');
});

test('a folder is copied in', limit, async () => {
	const pod = (await runningPod('shell')).metadata.name;
	const folder = mkdtempSync(`${process.env.WORK}/cp.`);
	writeFileSync(`${folder}/file`, 'x'.repeat(300_000));
	await exec(pod, ['mkdir', '-p', '/tmp/in']);
	await new k8s.Cp(config).cpToPod(namespace, pod, 'c', folder, '/tmp/in');
	await eventually(async () => (await exec(pod, ['cat', '/tmp/in/file'])).out.length === 300_000);
});

test('a port of a pod is reached', limit, async () => {
	const pod = (await runningPod('shell')).metadata.name;
	await exec(pod, ['sh', '-c', 'nc -l -p 8080 -e cat >/dev/null 2>&1 &']);
	const forward = new k8s.PortForward(config);
	const server = createServer((socket) => forward.portForward(namespace, pod, [8080], socket, null, socket));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const client = connect(server.address().port, '127.0.0.1');
	client.write('there and back');
	const [data] = await once(client, 'data');
	assert.equal(String(data), 'there and back');
	client.destroy();
	server.close();
});

test('patches of each kind, apply, and what is owned by whom', limit, async () => {
	const name = 'hello';
	const patch = (type, body, more = {}) =>
		batch.patchNamespacedJob({ name, namespace, body, ...more }, k8s.setHeaderOptions('Content-Type', type));
	let j = await patch(k8s.PatchStrategy.MergePatch, { metadata: { labels: { a: '1' } } });
	assert.equal(j.metadata.labels.a, '1');
	j = await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'add', path: '/metadata/labels/b', value: '2' }]);
	assert.equal(j.metadata.labels.b, '2');
	j = await patch(k8s.PatchStrategy.StrategicMergePatch, { metadata: { labels: { a: null } } });
	assert.equal(j.metadata.labels.a, undefined);
	const applied = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, labels: { b: '3' } } };
	await failsWith(409, patch(k8s.PatchStrategy.ServerSideApply, applied, { fieldManager: 'suite' }));
	j = await patch(k8s.PatchStrategy.ServerSideApply, applied, { fieldManager: 'suite', force: true });
	assert.equal(j.metadata.labels.b, '3');
	assert.ok(j.metadata.managedFields.some((m) => m.manager === 'suite' && m.operation === 'Apply'));
	j.metadata.labels.c = '4';
	j = await batch.replaceNamespacedJob({ name, namespace, body: j });
	j.metadata.resourceVersion = '1';
	await failsWith(409, batch.replaceNamespacedJob({ name, namespace, body: j }));
});

test('objects of any kind by their manifest, dry runs, and pages of lists', limit, async () => {
	const objects = k8s.KubernetesObjectApi.makeApiClient(config);
	const map = (n, data) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `m${n}`, namespace }, data });
	await objects.create(map(0, { a: '1' }), undefined, 'All');
	await failsWith(404, objects.read(map(0)));
	for (let n = 0; n < 5; n++) await objects.create(map(n, { a: '1' }));
	const names = [];
	for (let page, token; token !== ''; token = page.metadata._continue ?? '') {
		page = await core.listNamespacedConfigMap({ namespace, limit: 2, _continue: token });
		assert.ok(page.items.length <= 2);
		names.push(...page.items.map((i) => i.metadata.name));
	}
	assert.deepEqual(names.sort(), ['m0', 'm1', 'm2', 'm3', 'm4']);
	assert.ok(Array.isArray(await k8s.topPods(core, new k8s.Metrics(config), namespace)));
	await core.deleteCollectionNamespacedConfigMap({ namespace });
	assert.equal((await core.listNamespacedConfigMap({ namespace })).items.length, 0);
});

test('a deleted Job takes its pods with it', limit, async () => {
	await batch.deleteCollectionNamespacedJob({ namespace, propagationPolicy: 'Background' });
	await eventually(async () => (await core.listNamespacedPod({ namespace })).items.length === 0);
	assert.equal((await batch.listNamespacedJob({ namespace })).items.length, 0);
});
