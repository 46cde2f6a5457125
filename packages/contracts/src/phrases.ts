import { type ReasonCode, reasons } from './reasons.ts';
import type { Phrase, Said } from './said.ts';

/**
 * Every sentence about one case that people read and that is no fixed part of a table: as English templates, so that whoever speaks
 * another language says it by its code. `{name}` is a place for a value; `{name:kind}` for one that each language writes in its own way,
 * see `PhraseFormat`. Commands stand between backticks. The Portuguese ones are in portuguese.ts.
 */
export const phrases = {
  // what the table of reasons says, inside of a longer story
  reason: '{reason:reason}',
  next_step: '{reason:hint}',
  // notices of models
  model_is_a_demonstration: 'This is a very small demonstration model. Add a larger one for real work.',
  model_is_a_script: 'No model runs here: the fake engine plays a script. A tool for tests and demos.',
  file_is_gone: 'The file {path} is gone.',
  file_has_changed: 'The file {path} has changed since it was imported.',
  put_the_file_back: 'Put the file back, or import it again with `cluster-ai models add NAME --file PATH`.',
  // models and their files
  model_unknown: 'There is no model "{name}".',
  did_you_mean: 'Did you mean {names}?',
  list_the_models: 'See `cluster-ai models ls`.',
  add_a_model: 'Add one: `cluster-ai models add NAME --file PATH.gguf`.',
  version_unknown: 'Model "{model}" has no version {version}.',
  it_has: 'It has {names}.',
  name_cannot_be_used: '"{name}" cannot be a model\'s name.',
  how_names_are: 'Use letters, digits, "-", "_" and ".", with up to two "/" between, for example "lab/qwen3-4b".',
  not_a_name: '"{name}" is not a model\'s name.',
  name_alone: 'Write the name alone, without an alias or digest.',
  path_must_be_absolute: 'The path must be absolute.',
  write_from_the_root: 'Write it from the root, such as {example}.',
  no_such_file: 'There is no file {path}.',
  check_the_path: 'Check the path.',
  loop_of_links: '{path} is a loop of symbolic links.',
  name_the_file_itself: 'Name the file itself.',
  file_cannot_be_read: '{path} cannot be read ({code}).',
  give_right_to_read: 'Give this user the right to read the file.',
  is_a_folder: '{path} is a folder, not a file.',
  is_a_device: '{path} is a pipe or a device, not a file.',
  is_no_file: '{path} is a folder, a pipe or a device, not a file.',
  name_the_model_file: 'Name the model file itself.',
  file_changed_while_read: '{path} changed while it was read.',
  wait_for_the_writer: 'Try again when nothing writes to it.',
  disk_of_folder_full: 'The disk of {folder} is full.',
  free_space_nothing_kept: 'Free some space on that disk; nothing was kept of the file that did not fit.',
  folder_cannot_be_written: '{folder} cannot be written ({code}).',
  check_folder_rights: 'Check the owner and the permissions of that folder, and that its disk is mounted for writing.',
  not_valid_gguf: '{path} is not a complete, valid GGUF file.',
  gguf_finding: 'It {finding}.',
  gguf_is_empty: 'It is empty.',
  gguf_is_no_gguf: "It does not begin with 'GGUF'.",
  gguf_is_cut_short: 'It is cut short: its weights need {needed} bytes, and the file has {size}.',
  gguf_ends_within: 'It ends at byte {byte}, in the middle of {what}.',
  gguf_ends_before: 'It ends at byte {size}, but {what} at byte {position} needs {bytes} bytes.',
  gguf_is_one_of_parts: 'It is one of {parts} parts; join them with `llama-gguf-split --merge`.',
  gguf_is_image_part: 'It is the image part of a model, not a model.',
  gguf_has_no_weights: 'It holds no weights.',
  get_the_file_again: 'Get the file again from its source.',
  not_a_script: '{path} is not a script for the fake engine: {finding}.',
  format_only_kept: '{model} is a model in the format "{format}", which no engine here can serve.',
  only_gguf_is_served: 'Only GGUF files can be served now. Other formats are kept and handed out.',
  // where a model can run
  some_nodes_ready: '{ready} of {all} nodes are ready.',
  no_node_has_memory: 'No node has enough free memory.',
  no_node_can_run: 'No ready node can run this model.',
  waits_for_room: 'Waits until another model makes room.',
  node_is_in_state: 'Node {node}: {state:state}.',
  node_lacks_memory: 'Node {node}: needs {needed:bytes}, {free:bytes} free.',
  port_left_to_ollama: 'Left alone: probably a real Ollama. Its clients reach this cluster by OLLAMA_HOST.',
  // what goes wrong with a copy of a model
  engine_not_installed: "The engine '{engine}' is not installed on this node.",
  file_was_rejected: 'The engine ended {count} times while it loaded this file, so the file was rejected.',
  import_from_source: 'Import the file again from its source.',
  engine_was_killed: 'The engine was killed (signal SIGKILL); often that means that the machine ran out of memory.',
  engine_aborted: 'The engine aborted (signal {signal}).',
  engine_ended: 'The engine ended with code {code}.',
  engine_was_stopped: 'The engine was stopped.',
  engine_computed_too_long: 'The engine was ended because it computed for {seconds} s without an end.',
  engine_was_silent: 'The engine was ended because it gave no sign of life for {seconds} s.',
  engine_last_words: 'Its last words: {words}',
  engine_did_not_start: 'The engine could not start; the last lines of its log say more.',
  llama_says: 'llama.cpp says: {words}',
  llama_crashed: 'llama.cpp crashed on this model file.',
  llama_refused_file: 'llama.cpp refused to load the model file.',
  llama_cannot_read_header: 'The header of the model file cannot be read.',
  llama_lacks_architecture: 'llama.cpp does not know the architecture "{architecture}" of this model.',
  encoder_and_decoder: 'Models with an encoder and a decoder ("{architecture}") are not supported.',
  model_needs_memory: 'The model needs {needed:memory}, and {free:memory} are free on this node.',
  context_needs_memory:
    'The model with {parallel} × {context} tokens of context needs {needed:memory}, and {free:memory} are free on this node.',
  context_not_made: 'A context of {parallel} × {context} tokens could not be made.',
  use_a_smaller_model: 'Use a smaller model or a stronger quantisation, ask for a smaller context, or add a node with more memory.',
  no_room_for_weights: 'The disk of {folder} has no room for {bytes} more bytes of weights.',
  free_space_on_node: 'Free some space on the node.',
  weights_exceed_cache:
    'The weights need {bytes:bytes} of the {limit:bytes} that this node may keep, and models that run there or were ordered use {used:bytes}.',
  raise_cache_size: 'Unload a model, or raise registry.storage.cache_size.',
  // workers
  worker_lock_differs: 'The program on this machine brings other versions of Dask than the scheduler runs.',
  update_the_program_there: 'Update the program there, so that both machines run the same version.',
  worker_python_differs: 'The scheduler runs Python {wanted}, and the environment of this machine is Python {found}.',
  worker_ended: 'The worker ended unexpectedly ({cause}).',
  worker_said: 'It said: {text}',
  weights_not_fetched: 'The weights could not be fetched from the control plane ({code}).',
  weights_broke_off: 'The connection ended after {received} of {size} bytes of the weights.',
  weights_of_other_size: 'The control plane offers {offered} bytes for {digest}, where {size} were ordered.',
  more_weights_than_ordered: 'More than {size} bytes came for {digest}.',
  weights_of_other_digest: 'The weights that came have the digest {digest}, where {ordered} was ordered.',
  copy_is_damaged: 'The copy is damaged: import the model again.',
  // loading on request
  could_not_be_loaded: '{model} could not be loaded:',
  not_ready_yet: '{model} is not ready yet:',
  goes_on_loading: 'Send the request again; the model goes on loading meanwhile.',
  unloaded_meanwhile: '{model} was unloaded while it loaded.',
  load_it_again: 'Load it again.',
  did_not_stop: '{model} did not stop within {seconds} seconds.',
  is_being_stopped: 'It is still being stopped; see `cluster-ai logs`.',
  stays_loaded: '{model} is configured to stay loaded.',
  take_out_of_config: 'Take it out of cluster.models first.',
  no_model_yet: 'No model is registered yet.',
  model_not_named: 'The request names no model, and there are several.',
  name_one_of: 'Name one of: {names}.',
  // answers
  queue_is_full: '{count} requests already wait for {model}.',
  try_later: 'Try again later, or add a node.',
  engine_queue_is_full: "The engine's queue is full: {count} requests wait already.",
  engine_is_stopping: 'The engine is stopping.',
  engine_broke_off: 'The engine on {node} broke off its answer.',
  engine_refused: 'The engine on node {node} refused the request with status {status}.',
  no_next_token: 'The model gave no next token that the rules allow.',
  runtime_refused: 'The inference runtime refused to go on with this request.',
  reader_took_nothing: 'The reader took nothing for a minute.',
  prompt_too_long: "The prompt has {tokens} tokens, and this replica's context holds {context}, the answer included.",
  prompt_too_long_with_tools:
    "The prompt has {tokens} tokens; {toolTokens} of them describe the {tools} tools that came with the request, and this replica's context holds {context}, the answer included.",
  offer_fewer_tools: 'Offer fewer tools, shorten the conversation, or deploy the model with a larger context.',
  shorten_the_conversation: 'Shorten the conversation, or deploy the model with a larger context.',
  text_too_long: 'A text of {characters} characters does not fit into a context of {context} tokens.',
  no_chat_template: 'This model has no chat template, and its vocabulary shows no known one.',
  use_completions: 'Use /v1/completions with a prompt of your own.',
  only_makes_embeddings: 'This model only makes embeddings; it does not generate text.',
  template_refused: "The model's chat template refused the messages: {words}",
  template_is_slow: "The model's chat template took longer than {milliseconds} ms.",
  template_is_too_large: "The model's chat template is larger than {size} KiB.",
  template_cannot_be_read: "The model's chat template cannot be read: {words}.",
  did_not_begin: 'Node {node} did not begin to answer within {seconds} seconds.',
  look_there_or_wait_longer: 'See `cluster-ai logs` there, or raise inference.firstTokenTimeoutSeconds.',
  connection_broke: 'The connection to the node broke while it answered.',
  connection_to_node_broke: 'The connection to the node {node} broke before the answer was complete.',
  answer_broke_off: 'The answer ended before it was complete.',
  send_again: 'Send the request again.',
  copy_left_the_node: 'The replica is no longer on this node.',
  node_was_lost: 'The node {node} was lost.',
  node_cannot_be_reached: 'The node {node} cannot be reached.',
  node_gets_no_work: 'The node {node} gets no work.',
  node_is_not_connected: 'The node {node} is not connected.',
  see_the_nodes: 'Check `cluster-ai nodes ls`.',
  internal: 'Something went wrong on our side. The log of the control plane has the details.',
  // quotas
  used_requests_of_minute: '"{name}" has used its {limit} requests of this minute.',
  used_requests_of_day: '"{name}" has used its {limit} requests of this day.',
  used_requests_of_month: '"{name}" has used its {limit} requests of this month.',
  used_tokens_of_minute: '"{name}" has used its {limit} tokens of this minute.',
  used_tokens_of_day: '"{name}" has used its {limit} tokens of this day.',
  used_tokens_of_month: '"{name}" has used its {limit} tokens of this month.',
  used_budget: '"{name}" has used its whole budget of {limit} tokens.',
  goes_on_at: 'It may go on at {time}.',
  wait_or_ask_for_more: 'Wait, or ask an admin for a higher limit.',
  ask_for_more_budget: 'Ask an admin to raise it.',
  // chats
  chat_unknown: 'There is no chat "{id}".',
  chat_is_busy: 'This chat is being answered.',
  chat_unreadable: 'This chat cannot be read: the key that it is sealed with is gone.',
  wait_or_stop: 'Wait for the answer, or stop it first.',
  parent_not_in_chat: 'The parent message is not part of this chat.',
  nothing_to_answer: 'There is no question to answer: the last message is not a person’s.',
  restarted_during_answer: 'The control plane was restarted during this answer.',
  ask_again: 'Ask for the answer again.',
  // nodes
  node_unknown: 'There is no node {id}.',
  node_list_shows: '`cluster-ai nodes ls` shows them.',
  link_port_taken: 'The port {port} on {host}, where nodes dial, is taken by another program.',
  choose_link_port: 'Stop that program, or choose another port: `listeners.link.port` in cluster.yaml.',
  link_refused: 'Nodes cannot be listened for on {place} ({code}).',
  name_an_own_address: 'Name an address of this machine.',
  token_incomplete: 'The join token is not complete.',
  token_foreign: 'The join token was made by another cluster.',
  token_unknown: 'This cluster knows no such join token.',
  ask_for_another: 'Ask for a new one: `cluster-ai nodes invite` on the control plane’s machine.',
  token_for_one_machine: 'A token is good for one machine.',
  token_used: 'The join token was already used at {time}.',
  token_expired: 'The join token expired at {time}.',
  copy_the_whole_line: 'Copy the whole line that `cluster-ai nodes invite` printed.',
  use_own_token: 'Use a token of this cluster, or the address of the cluster that made it.',
  // models from elsewhere
  import_does_not_fit: 'It needs {needed:bytes}, and {free:bytes} are free on the disk of {folder}.',
  free_space_and_again: 'Free some space, then begin again: what was fetched is kept.',
  path_of_source_refused: 'The source names a file {path}, which is no name for a file of a model.',
  source_offers: '{host} offers {why}, which is not taken.',
  do_not_trust_source: 'The source is broken, or somebody changed what it sends. Nothing was kept.',
  source_wants_proof: '{host} does not give {what} to us (status {status}).',
  name_a_secret: 'If it needs a token: `cluster-ai secrets set NAME`, then `imports.secrets: {host}: NAME` in cluster.yaml.',
  source_has_no: '{host} has no {what}.',
  check_the_reference: 'Check the name, and whether it is public.',
  source_answered: '{host} answered {status} when it was asked for {what}.',
  source_changes: 'The file at {url} changes while it is fetched.',
  source_broke_off: '{host} broke off.',
  source_sent_other_bytes: 'The bytes of {path} are not what the source said: expected {expected}, got {actual}.',
  not_an_ollama_name: '"{name}" is not the name of a model.',
  how_ollama_names_are: 'Write [host/][namespace/]name[:tag], for example "llama3.2:1b".',
  not_a_source: '"{reference}" names no place that models come from.',
  how_sources_are:
    'Write a name such as llama3.2:1b, hf.co/owner/repository:Q4_K_M, oci://host/repository:tag, https://…/file.gguf, or an absolute path.',
  not_a_repository: '"{reference}" is not a repository of Hugging Face.',
  how_repositories_are: 'Write hf.co/owner/repository, and after a colon the quantization or file.',
  not_an_image: '"{reference}" is not an image of a registry.',
  how_images_are: 'Write oci://host/repository:tag.',
  url_is_no_gguf: '{url} does not end in .gguf.',
  only_gguf_by_url: 'Only GGUF files are taken from a bare address.',
  source_is_in_parts: '{place} has its GGUF only in several parts, which no engine here reads.',
  join_the_parts: 'Join them with `llama-gguf-split --merge` and import the file.',
  source_has_no_file: '{place} has no file or quantization "{file}".',
  source_has_pickles: '{place} has only pickles, and loading a pickle runs what is in it.',
  ask_for_safetensors: 'Look for the same model as safetensors or GGUF.',
  source_has_no_model: '{place} has no model file.',
  folder_has_too_many: '{path} has more than {most} files.',
  layers_are_packed: 'Its layers are packed ({mediaType}), and nothing of strangers is unpacked here.',
  push_raw_layers: 'Push the model with raw layers.',
  only_gguf_is_pushed: '{model} is no GGUF model, and Ollama’s registries keep only those.',
  latest_goes_last: '"latest" of {name} goes with the last of its tags; there are still {tags}.',
  import_needs_a_name: 'You may use some models only: say what it is to be called here.',
  in_place_needs_a_file: 'Only a file of the cluster’s own machine can be used in place, and it needs a name.',
  operation_unknown: 'There is no operation {id}.',
  operation_has_ended: 'The operation has ended already ({state}).',
  operation_was_cancelled: 'Somebody cancelled it.',
  // tasks
  task_unknown: 'There is no task {id}.',
  task_list_hint: 'See `cluster-ai tasks ls`.',
  task_was_cancelled: 'Somebody cancelled it.',
  task_deadline: 'Its deadline passed before it was done.',
  task_timeout: 'It took longer than its timeout allows.',
  task_needs: 'It needs the task {id}, which did not end well ({state}).',
  task_needs_gone: 'It needs the result of the task {id}, which is not kept any more.',
  task_unplaced: 'No worker took it in time; it is tried again.',
  task_other_content: 'There is a task {id} already, with another content.',
  task_other_content_hint: 'Choose another id, or hand in exactly the same again.',
  task_circle: 'The tasks {ids} wait for each other.',
  task_dependency_unknown: 'It depends on the task {id}, and there is none of yours.',
  task_not_failed: 'Only a failed task is tried again, and {id} is {state}.',
  task_not_ended: 'The task {id} has not ended ({state}).',
  task_not_ended_hint: 'Cancel it first.',
  task_is_needed: 'Other tasks still wait for {id}.',
  task_no_result: 'The task {id} has no result ({state}).',
  task_resources: 'No worker has, or could have, what it asks for: {wanted}.',
  task_resources_hint: 'The workers and what they have: `cluster-ai compute status`.',
  task_code: 'Tasks of your role may not bring their own Python.',
  task_code_hint: 'Call a registered function, or ask an admin to add your role to `compute.code`.',
  task_python: 'The function was pickled by Python {given}, and the cluster runs {wanted}: it would not run there.',
  task_python_hint: 'Use Python {wanted}, or hand in the source.',
  task_python_missing: 'A pickle must say by which Python it was made (`pythonVersion`).',
  task_function_unknown: 'There is no function "{name}".',
  task_bundle_unknown: 'There is no bundle {digest} of yours.',
  task_bundle_hint: 'Hand it in first: POST /api/v1/tasks/bundles.',
  quantize_elsewhere: 'The engine here cannot quantize.',
  quantize_first: 'Quantize the file with `llama-quantize` first, or pull a model that is.',
  only_gguf_is_made: 'A model can be made of one GGUF file, or of a model that is here.',
  adapters_not_supported: 'Adapters are not supported.',
  blob_is_not_here: 'There is no blob {digest}.',
  send_the_blob_first: 'Send it first: POST /api/blobs/DIGEST.',
  // how clients meet us
  nothing_answers: 'Nothing answers at {address}.',
  nothing_answers_here: 'Nothing answers at this address.',
  start_the_cluster: 'Start the cluster with `cluster-ai up`, or check the address.',
  // what an inspection found in a file; their codes are in inspections.ts as well
  unknown_format: 'It is in no format that is known here ({detail}).',
  broken_structure: 'It is damaged or incomplete: {detail}.',
  impossible_claim: 'It claims what cannot be, as files do that attack their readers: {detail}.',
  too_large_to_inspect: 'It could not be looked through within the limits: {detail}.',
  unreadable_container: 'It is packed in a way that is not opened here: {detail}.',
  two_formats: 'Different programs would read different things in it: {detail}.',
  trailing_data: 'More bytes follow where it should end: {detail}.',
  inspection_timed_out: 'The inspection took longer than allowed ({detail}).',
  inspection_out_of_memory: 'The inspection needed more memory than allowed ({detail}).',
  inspection_failed: 'The inspection did not come to an end ({detail}).',
  pickle_global_unknown: 'Loading it uses {detail}, which is not known to be harmless.',
  pickle_global_dangerous: 'Loading it would run {detail}.',
  pickle_global_computed: 'Loading it would run something whose name is put together on the way: {detail}.',
  pickle_changes_global: 'Loading it would change {detail} for the whole program.',
  pickle_extension: 'Loading it uses a code that means something else on each machine: {detail}.',
  pickle_persistent_id: 'It refers to objects outside of itself: {detail}.',
  archive_path_escapes: 'Unpacking it would write outside of the folder: {detail}.',
  archive_link_escapes: 'It holds a link that leads out of the folder: {detail}.',
  archive_link: 'It holds the link {detail}.',
  archive_device: 'It holds a device or a pipe: {detail}.',
  archive_bomb: 'Unpacked it is out of all proportion: {detail}.',
  archive_entries_overlap: 'Its entries share the same bytes: {detail}.',
  archive_headers_disagree: 'Its directory says something else than its entries: {detail}.',
  archive_hidden_data: 'It holds bytes that no entry names: {detail}.',
  archive_checksum_wrong: 'The checksum of {detail} is wrong.',
  archive_name_twice: 'It holds {detail} twice.',
  archive_encrypted: 'It is encrypted: {detail}.',
  archive_program: 'It holds a program: {detail}.',
  archive_unknown_member: 'It holds something of no known format: {detail}.',
  tensors_overlap: 'Its tensors share the same bytes: {detail}.',
  tensors_have_holes: 'Between its tensors lie bytes that belong to none: {detail}.',
  key_twice: 'It says {detail} twice.',
  external_data_escapes: 'It would read a file outside of its folder: {detail}.',
  custom_operators: 'It needs operators that do not come with the format: {detail}.',
  operator_touches_files: 'It would read or write files while it runs: {detail}.',
  operator_runs_python: 'It would run Python code: {detail}.',
  operator_unusual: 'It has an operator that models rarely need: {detail}.',
  keras_runs_code: 'Loading it would run code that it brings along: {detail}.',
  keras_custom_object: 'It needs code that is not part of Keras: {detail}.',
  hdf5_not_understood: 'It is an HDF5 file whose content is not fully understood here: {detail}.',
  torchscript_code: 'It holds TorchScript code: {detail}.',
  remote_code: 'It asks for code from elsewhere: {detail}.',
  template_reaches_out: 'Its chat template reaches for the program around it: {detail}.',
  template_unusual: 'Its chat template does what chat templates do not need: {detail}.',
  // what may be used after an inspection
  inspection_refuses_dangerous: '{model} is dangerous and is not used.',
  inspection_refuses_suspicious: '{model} is not known to be harmless.',
  inspection_refuses_format: '{model} is in the format "{format}", which is not loaded without being asked.',
  inspection_admin_may_allow: 'An admin who trusts its source can allow it: `cluster-ai models allow NAME:VERSION --reason WHY`.',
  inspection_not_to_be_used: 'Remove it, and get the model from a source that you trust, as safetensors or GGUF.',
  inspection_other_format: 'Convert it to safetensors, GGUF or ONNX, or add its format to `registry.policy.loadFormats` in cluster.yaml.',
  // compute
  compute_is_configured: 'Compute is enabled in cluster.yaml.',
  no_dashboard: 'Dask’s own pages cannot be shown now: its scheduler does not run.',
  see_compute_status: 'See `cluster-ai compute status`.',
  take_compute_out: 'Take `compute.enabled` out of cluster.yaml, and start anew.',
  // the registry
  list_the_versions: 'See `cluster-ai models versions {model}`.',
  alias_unknown: 'Model "{model}" has no alias "{alias}".',
  version_has_aliases: 'Version {version} of {model} is what {aliases} points to.',
  move_the_alias: 'Move the alias to another version first, or remove the whole model.',
  version_is_deployed: '{model} runs, or is meant to run.',
  unload_first: 'Unload it first: `cluster-ai models unload {model}`.',
  semver_is_taken: 'Version {version} of {model} has other files: a version is never changed.',
  choose_next_version: 'Publish under the next version.',
  not_a_semver: '"{version}" is no semantic version.',
  write_semver: 'Write three numbers, such as 1.2.0 or 1.2.0-rc.1.',
  alias_is_protected: 'The alias "{alias}" of {model} is protected.',
  ask_for_protect: 'Only somebody with the right models:protect may move it.',
  nothing_to_go_back_to: 'The alias "{alias}" of {model} has no earlier version to go back to.',
  latest_stays: 'Every model has the alias "latest".',
  name_is_taken: 'There is a model "{name}" already.',
  choose_other_name: 'Choose another name, or remove that model first.',
  path_in_version: '"{path}" cannot be the path of a file in a version.',
  how_paths_are: 'Write it with forward slashes, from the folder of the model, such as "tokenizer/vocab.json".',
  cursor_is_foreign: 'This cursor belongs to another list or was changed.',
  begin_again: 'Begin with the first page again.',
  registry_port_taken: 'Left alone: another program has it. The registry is at /api/v1/registry of the main listener, too.',
  // files on their way in and out
  upload_unknown: 'There is no unfinished upload "{id}".',
  upload_start_anew: 'It has ended, was not finished in time, or is not yours. Start a new one.',
  upload_busy: 'Something else is just being done to the upload {id}.',
  upload_wait: 'Wait until that has ended, and ask how far it is.',
  upload_goes_on_at: '{received} bytes have arrived, so the next part begins there.',
  upload_ask_and_go_on: 'Ask how far the upload is, and go on from there.',
  upload_interrupted: 'The upload was interrupted; what has arrived is kept.',
  upload_longer_than_announced: 'More bytes came than the {size} that were announced.',
  upload_not_whole: 'Only {received} of the {size} bytes that were announced have arrived.',
  upload_send_the_rest: 'Send the rest first.',
  upload_digest_wrong: 'The bytes are {actual}, not {wanted}.',
  upload_again: 'Upload the file again.',
  uploads_too_many: 'You have {count} unfinished uploads, and no more are taken.',
  uploads_too_large: 'Your unfinished uploads may not be larger than {gib} GiB together.',
  upload_finish_or_cancel: 'Finish or cancel one of them.',
  disk_has_no_room: '{needed:bytes} are to come, and the disk of {folder} has {free:bytes} left.',
  free_space_upload_again: 'Free some space on that disk, and upload again.',
  blob_unknown: 'There is no blob {digest}.',
  address_not_ours: 'This address was not made here, or was changed.',
  address_has_expired: 'This address has expired.',
  ask_for_a_new_address: 'Ask for a new one where you got it.',
} as const satisfies Record<string, string>;

export type PhraseCode = keyof typeof phrases;

/** The names of a template's places. */
type PlaceOf<Template extends string> = Template extends `${string}{${infer Place}}${infer Rest}`
  ? (Place extends `${infer Name}:${string}` ? Name : Place) | PlaceOf<Rest>
  : never;
type ValuesOf<Code extends PhraseCode> = Readonly<Record<PlaceOf<(typeof phrases)[Code]>, string | number>>;

/** Makes a phrase; the compiler knows which values it needs. */
export function phrase<Code extends PhraseCode>(
  code: Code,
  ...[values]: [PlaceOf<(typeof phrases)[Code]>] extends [never] ? [] : [ValuesOf<Code>]
): Phrase {
  return values === undefined ? { code } : { code, values };
}

/** What people are told: in English only, or by phrases that each language has. What is English in a part is English as a whole. */
export type Sentence = string | Phrase | readonly (string | Phrase)[];

/** How a language writes the values that are not the same in all of them. */
export interface PhraseFormat {
  /** Of files, in powers of 1000. */
  readonly bytes: (bytes: number) => string;
  /** In powers of 1024. */
  readonly memory: (bytes: number) => string;
  /** The word for a state. */
  readonly state: (state: string) => string;
  /** What the table of reasons says. */
  readonly reason: (reason: ReasonCode) => string;
  readonly hint: (reason: ReasonCode) => string;
}

const PLACE = /\{(\w+)(?::(\w+))?\}/g;

function writeValue(value: string | number, kind: string | undefined, format: PhraseFormat): string {
  switch (kind) {
    case 'bytes':
      return format.bytes(Number(value));
    case 'memory':
      return format.memory(Number(value));
    case 'state':
      return format.state(String(value));
    case 'reason':
      return format.reason(value as ReasonCode);
    case 'hint':
      return format.hint(value as ReasonCode);
    default:
      return String(value);
  }
}

/** Phrases as one text. `undefined` when the language lacks one of them, which a newer program may have said. */
export function sayPhrases(
  said: readonly Phrase[],
  templates: Readonly<Record<PhraseCode, string>>,
  format: PhraseFormat,
): string | undefined {
  const sentences = said.map(({ code, values = {} }) =>
    code in templates
      ? templates[code as PhraseCode].replace(PLACE, (place, name: string, kind?: string) => {
          const value = values[name];
          return value === undefined ? place : writeValue(value, kind, format);
        })
      : undefined,
  );
  return sentences.includes(undefined) ? undefined : sentences.join(' ');
}

const englishFormat: PhraseFormat = {
  bytes: (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(0)} MB`),
  memory: (bytes) => `${Math.ceil(bytes / 1024 ** 2).toLocaleString('en-US')} MiB`,
  state: (state) => state,
  reason: (reason) => reasons[reason].message,
  hint: (reason) => reasons[reason].hint,
};

/** The parts of a sentence, to make a longer one of them. */
export const sentencesOf = (sentence: Sentence): readonly (string | Phrase)[] =>
  typeof sentence === 'string' || 'code' in sentence ? [sentence] : sentence;

/** The English text of a sentence. */
export function toEnglish(sentence: Sentence): string {
  return sentencesOf(sentence)
    .map((part) => (typeof part === 'string' ? part : (sayPhrases([part], phrases, englishFormat) ?? '')))
    .join(' ');
}

/** The codes of a sentence; none where a part of it is English only. */
export function phrasesIn(sentence: Sentence = []): Phrase[] {
  const parts = sentencesOf(sentence);
  const said = parts.filter((part) => typeof part !== 'string');
  return said.length === parts.length ? said : [];
}

/** The codes of a message and its hint; `undefined` where neither has any. */
export function toSaid(message: Sentence | undefined, hint: Sentence | undefined): Said | undefined {
  const said = { message: phrasesIn(message), hint: phrasesIn(hint) };
  return said.message.length + said.hint.length === 0 ? undefined : said;
}

const isPhrase = (value: unknown): value is Phrase =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  isValues('values' in value ? value.values : {});
const isValues = (values: unknown) =>
  typeof values === 'object' &&
  values !== null &&
  Object.values(values).every((value) => typeof value === 'string' || typeof value === 'number');
const isPhrases = (value: unknown) => Array.isArray(value) && value.every(isPhrase);

/** Reads what another process said; `undefined` for anything else. */
export function readSaid(value: unknown): Said | undefined {
  if (typeof value !== 'object' || value === null || !('message' in value) || !('hint' in value)) return undefined;
  return isPhrases(value.message) && isPhrases(value.hint) ? (value as Said) : undefined;
}
