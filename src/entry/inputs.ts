export {
  type FileInput,
  type FolderInput,
  fileParam,
  folderParam,
  inputPath,
  type UrlInput,
  urlParam,
} from "../inputs/input-params.ts";
