#include "cli/app.h"

int main(int argc, char** argv) { return audit::cli::Run(argc, argv); }
