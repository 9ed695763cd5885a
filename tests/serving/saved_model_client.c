/* Lifts keypoints with an exported model through TensorFlow's C API.

   Usage: saved_model_client SAVED_MODEL NUM_ROWS POSE_TENSOR SPREAD_TENSOR

   Reads float32 from standard input: the keypoints of all rows (17 x 2 each), then the
   image sizes (2 each). Writes float32 to standard output: pose_3d (17 x 3 each), then
   spread (17 each). The tensors' names, such as StatefulPartitionedCall_2:0, are those
   that `saved_model_cli show --all --dir SAVED_MODEL` prints for serving_default. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

enum { kNumJoints = 17 };

static void Fail(const char* what, const char* why) {
  fprintf(stderr, "Error: %s: %s\n", what, why);
  exit(2);
}

static void Check(const TF_Status* status, const char* what) {
  if (TF_GetCode(status) != TF_OK) Fail(what, TF_Message(status));
}

static TF_Output FindTensor(TF_Graph* graph, const char* name) {
  char operation[256];
  const char* colon = strrchr(name, ':');
  const size_t length = colon ? (size_t)(colon - name) : strlen(name);
  if (length >= sizeof(operation)) Fail(name, "name too long");
  memcpy(operation, name, length);
  operation[length] = '\0';
  TF_Output output = {TF_GraphOperationByName(graph, operation),
                      colon ? atoi(colon + 1) : 0};
  if (output.oper == NULL) Fail(name, "no such tensor");
  return output;
}

static TF_Tensor* ReadTensor(const int64_t* shape, int num_dimensions) {
  size_t num_bytes = sizeof(float);
  for (int i = 0; i < num_dimensions; ++i) num_bytes *= (size_t)shape[i];
  TF_Tensor* tensor =
      TF_AllocateTensor(TF_FLOAT, shape, num_dimensions, num_bytes);
  if (fread(TF_TensorData(tensor), 1, num_bytes, stdin) != num_bytes) {
    Fail("standard input", "fewer numbers than NUM_ROWS needs");
  }
  return tensor;
}

int main(int argc, char** argv) {
  if (argc != 5) {
    Fail("usage", "saved_model_client SAVED_MODEL NUM_ROWS POSE SPREAD");
  }
  const int64_t num_rows = atoll(argv[2]);
  if (num_rows < 1) Fail("NUM_ROWS", "must be at least 1");

  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(
      options, NULL, argv[1], tags, 1, graph, NULL, status);
  Check(status, argv[1]);

  const int64_t keypoints_shape[] = {num_rows, kNumJoints, 2};
  const int64_t image_size_shape[] = {num_rows, 2};
  const TF_Output inputs[] = {FindTensor(graph, "serving_default_keypoints:0"),
                              FindTensor(graph, "serving_default_image_size:0")};
  TF_Tensor* values[] = {ReadTensor(keypoints_shape, 3),
                         ReadTensor(image_size_shape, 2)};
  const TF_Output outputs[] = {FindTensor(graph, argv[3]),
                               FindTensor(graph, argv[4])};
  TF_Tensor* results[2] = {NULL, NULL};
  TF_SessionRun(session, NULL, inputs, values, 2, outputs, results, 2, NULL, 0,
                NULL, status);
  Check(status, "serving_default");

  for (int i = 0; i < 2; ++i) {
    const size_t num_bytes = TF_TensorByteSize(results[i]);
    if (fwrite(TF_TensorData(results[i]), 1, num_bytes, stdout) != num_bytes) {
      Fail("standard output", "cannot be written");
    }
    TF_DeleteTensor(results[i]);
    TF_DeleteTensor(values[i]);
  }
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
