interface Reason {
  readonly message: string;
  /** What a person can do next; empty where there is nothing to do. */
  readonly hint: string;
}

/** Every reason that a state can have. A new one is added here first; the UI translates by code. */
export const reasons = {
  serving: { message: 'Answers requests.', hint: '' },
  // nodes
  joined: {
    message: 'The node has joined and has not connected yet.',
    hint: 'Start the agent on it: `cluster-ai join` or `cluster-ai up`.',
  },
  connecting: { message: 'The agent is connecting.', hint: '' },
  awaiting_approval: {
    message: 'The node has joined and waits for somebody’s approval.',
    hint: 'Let it work with `cluster-ai nodes approve NODE`, or remove it with `cluster-ai nodes rm NODE`.',
  },
  certificate_copied: {
    message: 'Two agents use the certificate of this node: it was copied.',
    hint: 'Remove the node with `cluster-ai nodes rm NODE`, then invite the right machine again.',
  },
  heartbeat_late: {
    message: 'The last heartbeat is more than 3 seconds old.',
    hint: 'A busy machine or a weak network; it comes back by itself.',
  },
  heartbeat_lost: {
    message: 'No heartbeat for more than 5 seconds.',
    hint: 'Check that the machine is on, connected, and that its agent runs: `cluster-ai status` there.',
  },
  agent_stopped: {
    message: 'The agent said goodbye and stopped.',
    hint: 'Start it again: `cluster-ai up` or `cluster-ai join` on that machine.',
  },
  node_draining: { message: 'The node finishes its work and takes no more.', hint: '' },
  control_plane_suspect: {
    message: 'More than half of the nodes seem dead at once, so this machine suspects its own network first.',
    hint: 'Check the network of the control plane.',
  },
  // models and replicas
  not_loaded: { message: 'Loads on first use.', hint: 'Send a request, or run `cluster-ai run MODEL`.' },
  queued_for_start: { message: 'Waits for its turn to load.', hint: '' },
  fetching_weights: { message: 'The node is fetching the weights.', hint: '' },
  checking_weights: { message: 'The node is checking the digest of the weights.', hint: '' },
  loading_model: { message: 'The engine is loading the model.', hint: '' },
  engine_starting: { message: 'The engine process is starting.', hint: '' },
  idle_timeout: { message: 'Unloaded after its keep-alive time.', hint: 'It loads again on the next request.' },
  stopped_by_request: { message: 'Stopped on request.', hint: '' },
  invalid_model_file: { message: 'The file is not a complete, valid model.', hint: 'Import the file again from its source.' },
  verdict_refused: {
    message: 'What was found in its files does not allow to use it.',
    hint: 'See `cluster-ai models versions MODEL --json` for what was found.',
  },
  digest_mismatch: { message: 'The bytes do not match their digest.', hint: 'The disk or the copy is damaged: import the file again.' },
  weights_missing: {
    message: 'The control plane no longer has the weights.',
    hint: 'Import the model again, or remove it: `cluster-ai models rm`.',
  },
  disk_full: { message: 'The disk of the node is full.', hint: 'Free some space on the node; it is tried again.' },
  unsupported_model: { message: 'The engine does not support this kind of model.', hint: 'Try another file format or engine.' },
  not_enough_memory: {
    message: 'No node has enough free memory for this model.',
    hint: 'Unload another model, use a smaller quantization, or add a machine.',
  },
  engine_crashed: {
    message: 'The engine process ended unexpectedly.',
    hint: 'It is restarted with growing pauses; see `cluster-ai logs`.',
  },
  engine_missing: { message: 'The engine is not installed on the node.', hint: 'Run `cluster-ai doctor` on the node.' },
  engine_stuck: { message: 'The engine did not produce a token in time.', hint: 'It is restarted; see `cluster-ai logs`.' },
  load_timeout: { message: 'The model did not load in time.', hint: 'A slow disk or too little memory; see `cluster-ai logs`.' },
  no_node: { message: 'No ready node can run this model.', hint: 'Check `cluster-ai nodes ls`.' },
  node_lost: { message: 'Its node is unreachable.', hint: 'It is placed elsewhere when another node can take it.' },
  // certificates
  certificate_valid: { message: 'Valid.', hint: '' },
  certificate_ends_soon: {
    message: 'Ends soon and was not renewed.',
    hint: 'Renew it now: `cluster-ai certs renew`; see `cluster-ai logs`.',
  },
  certificate_expired: { message: 'Has ended.', hint: 'Renew it: `cluster-ai certs renew`; see `cluster-ai logs`.' },
  certificate_not_renewed: { message: 'The last attempt to renew it failed.', hint: 'See `cluster-ai logs`; it is tried again.' },
  // compute
  compute_off: { message: 'Compute is not enabled.', hint: 'Turn it on with `cluster-ai compute enable`.' },
  python_missing: {
    message: 'There is no Python 3.10 or newer on this machine.',
    hint: 'Install one (on Debian: `apt install python3 python3-venv`), or name it as `compute.python` in cluster.yaml.',
  },
  python_differs: {
    message: 'The Python of this machine has another minor version than the scheduler’s.',
    hint: 'Install the same minor version here, or name it as `compute.python` in cluster.yaml.',
  },
  environment_installing: { message: 'The Python environment is being set up.', hint: '' },
  environment_failed: { message: 'The Python environment could not be set up.', hint: 'See `cluster-ai logs`; it is tried again.' },
  worker_starting: { message: 'The worker is starting.', hint: '' },
  worker_retiring: { message: 'The worker hands over its data and ends.', hint: '' },
  worker_crashed: { message: 'The worker ended unexpectedly.', hint: 'It is started again with growing pauses; see `cluster-ai logs`.' },
  worker_not_reachable: {
    message: 'Other workers cannot reach this node, so a proxy beside the scheduler speaks for it.',
    hint: 'Open the worker’s port between the machines, or leave it so.',
  },
  no_sandbox: {
    message: 'Tasks cannot be kept away from this machine’s data folder, so none run here.',
    hint: 'Use a kernel with Landlock (Linux 5.13 or newer), or run the program as root so that workers get a user of their own.',
  },
  scheduler_starting: { message: 'The scheduler is starting.', hint: '' },
  scheduler_crashed: { message: 'The scheduler ended unexpectedly.', hint: 'It is started again; accepted tasks are submitted again.' },
  bridge_crashed: {
    message: 'The bridge to the scheduler ended unexpectedly.',
    hint: 'It is started again; accepted tasks are submitted again.',
  },
  no_worker: { message: 'No worker is connected to the scheduler.', hint: 'See `cluster-ai compute status`.' },
  // listeners and cluster
  port_taken: { message: 'Another program already listens on this port.', hint: 'Stop that program or choose another port with `--port`.' },
  plain_http: {
    message: 'Answers other machines without TLS: passwords, keys, prompts and answers can be read on the way.',
    hint: 'Set `tls` of this listener to internal, files or acme in cluster.yaml.',
  },
  turned_off: { message: 'Turned off in the configuration.', hint: '' },
  some_nodes_not_ready: { message: 'Some nodes are not ready.', hint: 'See `cluster-ai nodes ls`.' },
  no_ready_node: { message: 'No node is ready.', hint: 'See `cluster-ai nodes ls`.' },
  starting_up: { message: 'Starting.', hint: '' },
  shutting_down: { message: 'Stopping.', hint: '' },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof reasons;
export const reasonCodes = Object.keys(reasons) as [ReasonCode, ...ReasonCode[]];
